import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Report } from "../../../renderer/status/report.ts";
import { askStatus, serveStatus, StatusSocketError } from "../../../renderer/status/socket.ts";

const REPORT: Report = {
  pid: 1,
  targets: [],
  agents: [],
  virtualHosts: [],
  unrouted: [],
  quarantined: [],
  remarks: [],
  certificates: [],
};

describe("the status socket", () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-status-"));
    path = join(directory, "status.sock");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const refused = (message: RegExp) => (error: unknown) =>
    error instanceof StatusSocketError && message.test(error.message);

  test("gives the report to its own user alone", async () => {
    const status = await serveStatus(path, () => REPORT);
    assert.deepEqual(await askStatus(path), REPORT);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    status.close();
  });

  test("takes the place of a socket whose renderer was killed", async () => {
    const killed = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    assert.equal(spawnSync(process.execPath, ["-e", killed, path]).signal, "SIGKILL");
    assert.ok(statSync(path).isSocket());
    const status = await serveStatus(path, () => REPORT);
    assert.deepEqual(await askStatus(path), REPORT);
    status.close();
  });

  test("never removes what is not a socket", async () => {
    writeFileSync(path, "precious");
    await assert.rejects(
      serveStatus(path, () => REPORT),
      refused(/is not a socket/),
    );
    assert.equal(readFileSync(path, "utf8"), "precious");
  });

  test("is not taken from a renderer that runs", async () => {
    const status = await serveStatus(path, () => REPORT);
    await assert.rejects(
      serveStatus(path, () => REPORT),
      refused(/another renderer/),
    );
    assert.deepEqual(await askStatus(path), REPORT);
    status.close();
  });

  test("says what it needs where it cannot be made", async () => {
    await assert.rejects(
      serveStatus(join(directory, "missing", "s"), () => REPORT),
      refused(/a directory that exists/),
    );
  });
});
