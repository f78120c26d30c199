import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readOperatorFiles } from "../../../renderer/nginx/operator-files/directory.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-operator-files-"));
after(() => rmSync(directory, { recursive: true }));

test("reading the operator's files skips a FIFO without blocking and includes a very large file", () => {
  writeFileSync(join(directory, "a.example"), "client_max_body_size 1m;\n");
  execFileSync("mkfifo", [join(directory, "b.example")]);
  mkdirSync(join(directory, "c.example"));
  writeFileSync(join(directory, "d.example"), "");
  truncateSync(join(directory, "d.example"), 64 * 1024 * 1024);
  assert.deepEqual([...readOperatorFiles(directory).keys()].toSorted(), ["a.example", "d.example"]);
});
