import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { printKey } from "../../agent/audit-key.ts";
import { reportTrail } from "../../agent/commands/audit-report.ts";
import { parseAnchor, verifyTrail } from "../../agent/commands/audit-verify.ts";
import { AuditTrail, trailFiles } from "../../agent/audit.ts";
import { requires } from "../requires.ts";

describe("the audit trail", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-audit-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function open(
    options: { maxBytes?: number; keyFile?: string; onFailure?: (errno: string) => void; at?: string } = {},
  ): AuditTrail {
    const { maxBytes = 1 << 20, keyFile, onFailure = () => undefined, at = directory } = options;
    return new AuditTrail({ directory: at, keyFile, maxBytes, keep: 100, instance: "test", onFailure });
  }

  /** Twenty records; gives the head. */
  function write(trail: AuditTrail): string {
    for (let conn = 0; conn < 20; conn++) trail.append("rpc.connect", "allow", "ok", { conn, name: "\u2028é" });
    const { seq, hash } = trail.head;
    trail.close();
    return `${seq}:${hash}`;
  }

  /** Both verifiers must agree; gives the code and what ours says. */
  function verify(anchor?: string, keyFile?: string): { exitCode: number; message: string } {
    const verdict = verifyTrail({ directory, keyFile, anchor: anchor === undefined ? undefined : parseAnchor(anchor) });
    if (keyFile === undefined) {
      const args = ["test/agent/verify_audit.py", directory, ...(anchor === undefined ? [] : [anchor])];
      assert.equal(spawnSync("python3", args).status, verdict.exitCode, "the independent verifier agrees");
    }
    return verdict;
  }

  const current = (): string => join(directory, "audit.jsonl");
  const lines = (): string[] => readFileSync(current(), "utf8").split("\n").slice(0, -1);
  const rewrite = (changed: readonly string[]): void =>
    writeFileSync(current(), changed.map((line) => `${line}\n`).join(""));

  test("is whole as it was written, one ASCII line a record", () => {
    const head = write(open());
    assert.equal(verify(head).exitCode, 0);
    assert.match(readFileSync(current(), "latin1"), /^[\x20-\x7e\n]*$/);
  });

  const tampering: readonly [string, (all: string[]) => string[], RegExp][] = [
    ["a changed letter", (all) => all.with(7, all[7]!.replace('"ok"', '"ko"')), /audit\.jsonl:8: record 8/],
    ["a line that is gone", (all) => all.toSpliced(7, 1), /audit\.jsonl:8: record 9/],
    ["two lines that changed places", (all) => all.with(7, all[8]!).with(8, all[7]!), /audit\.jsonl:8/],
    ["a line that is there twice", (all) => all.toSpliced(7, 0, all[7]!), /audit\.jsonl:9: record 8/],
    ["a line that is no record", (all) => all.toSpliced(7, 0, "hello"), /audit\.jsonl:8: record 8: not/],
  ];
  for (const [title, tamper, where] of tampering) {
    test(`${title} is found, with its place`, () => {
      write(open());
      rewrite(tamper(lines()));
      const verdict = verify();
      assert.equal(verdict.exitCode, 1);
      assert.match(verdict.message, where);
    });
  }

  test("an end that was cut off passes without an anchor, and is found with one", () => {
    const head = write(open());
    rewrite(lines().slice(0, -3));
    assert.equal(verify().exitCode, 0);
    assert.equal(verify(head).exitCode, 2);
  });

  test("a trail that was written anew is found by the anchor", () => {
    const head = write(open());
    rmSync(current());
    write(open());
    assert.equal(verify(head).exitCode, 1);
  });

  test("no trail is unreadable, not whole", () => {
    assert.equal(verify().exitCode, 3);
  });

  test("files are sealed and the chain goes on over them and over a crash", () => {
    const trail = open({ maxBytes: 2_000 });
    for (let conn = 0; conn < 50; conn++) trail.append("rpc.connect", "allow", "ok", { conn });
    // The process dies here: nothing is closed, and half a line stands at the end.
    appendFileSync(current(), '{"v":1,"seq":');
    const head = write(open({ maxBytes: 2_000 }));
    assert.ok(trailFiles(directory).length > 5);
    assert.equal(verify(head).exitCode, 0);
    assert.ok(
      trailFiles(directory).some((file) => readFileSync(file, "utf8").includes('"clean":false,"torn_bytes":13')),
    );
  });

  test("a seal counts its file's records: a beginning that was cut off is found though an anchor vouches for the rest", () => {
    const head = write(open({ maxBytes: 2_000 }));
    const [oldest] = trailFiles(directory);
    const records = readFileSync(oldest!, "utf8").split("\n");
    const seal = JSON.parse(records.at(-2)!) as { event: string; file: string; count: number };
    assert.deepEqual(
      [seal.event, join(directory, seal.file), seal.count],
      ["audit.seal", oldest, records.length - 1],
      "named by the first record, with the number of all",
    );
    rmSync(oldest!);
    assert.equal(verify(head).exitCode, 0, "a whole file is gone as when it is old");
    writeFileSync(oldest!, records.slice(2).join("\n"));
    assert.equal(verify(head).exitCode, 1);
  });

  test("a half line at the end of a trail that nobody continued is cut off", () => {
    write(open());
    truncateSync(current(), readFileSync(current()).length - 5);
    assert.equal(verify().exitCode, 2);
  });

  test("whoever takes the evolved key cannot forge the past, and the first key shows it", () => {
    const [first, evolving] = [join(directory, "first.key"), join(directory, "sealing.key")];
    for (const file of [first, evolving]) writeFileSync(file, printKey({ index: 0, key: Buffer.alloc(32, 7) }));
    const head = write(open({ keyFile: evolving }));
    assert.notEqual(readFileSync(evolving, "utf8"), readFileSync(first, "utf8"));
    assert.equal(verify(head, first).exitCode, 0);
    write(open({ keyFile: evolving }));
    assert.equal(verify(undefined, first).exitCode, 0);
    rewrite(lines().with(3, lines()[3]!.replace(/"mac":"./, '"mac":"x')));
    assert.equal(verify(undefined, first).exitCode, 1);
  });

  test(
    "a full disk loses no half line, is told, and is counted when there is room again",
    { skip: requires("root") },
    () => {
      const small = join(directory, "small");
      mkdirSync(small);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", small]);
      try {
        const failures: string[] = [];
        const trail = open({ at: small, onFailure: (errno) => failures.push(errno) });
        writeFileSync(join(small, "filler"), Buffer.alloc(4_096));
        for (let conn = 0; conn < 100; conn++)
          trail.append("rpc.connect", "allow", "ok", { conn, text: "x".repeat(100) });
        assert.ok(failures.includes("ENOSPC"));
        assert.equal(trail.isWhole, false);
        rmSync(join(small, "filler"));
        trail.append("rpc.close", "note", "ok", { conn: 1 });
        assert.equal(trail.isWhole, true);
        trail.close();
        assert.match(
          readFileSync(join(small, "audit.jsonl"), "utf8"),
          /"event":"audit.gap","decision":"note","reason":"audit.gap","missed":[0-9]+/,
        );
        assert.equal(verifyTrail({ directory: small, keyFile: undefined, anchor: undefined }).exitCode, 0);
      } finally {
        execFileSync("umount", [small]);
      }
    },
  );

  test(
    "a next file that cannot be made leaves the trail whole, and no other file gets its records",
    { skip: requires("root") },
    () => {
      const small = join(directory, "small");
      mkdirSync(small);
      // Inodes for the directory, the trail and one more.
      execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=3", "tmpfs", small]);
      try {
        const failures: string[] = [];
        const trail = open({ at: small, maxBytes: 2_000, onFailure: (errno) => failures.push(errno) });
        writeFileSync(join(small, "filler"), "");
        while (failures.length === 0) trail.append("rpc.connect", "allow", "ok", { conn: 1 });
        assert.deepEqual(failures, ["ENOSPC"]);
        // Files opened now have the lowest numbers that are free.
        const others = [0, 1].map((number) => join(directory, `other${number}`));
        const descriptors = others.map((other) => openSync(other, "w"));
        trail.append("rpc.close", "note", "ok", { conn: 1 });
        for (const descriptor of descriptors) closeSync(descriptor);
        for (const other of others) assert.equal(readFileSync(other, "utf8"), "");
        rmSync(join(small, "filler"));
        trail.append("rpc.close", "note", "ok", { conn: 2 });
        assert.equal(trail.isWhole, true);
        assert.equal(trailFiles(small).length, 2);
        trail.close();
        assert.equal(verifyTrail({ directory: small, keyFile: undefined, anchor: undefined }).exitCode, 0);
      } finally {
        execFileSync("umount", [small]);
      }
    },
  );

  test("the report says who was told what of whom, and what was refused", () => {
    const trail = open();
    trail.append("disclosure", "allow", "ok", { told: [{ env: ["VIRTUAL_HOST"], labels: [], of: ["abcdef012345"] }] });
    trail.append("rpc.violation", "deny", "rpc.batch", { conn: 3 });
    trail.close();
    const report = reportTrail(directory);
    const shown = "text" in report ? report.text : "";
    assert.match(shown, /disclosed of abcdef012345 .*VIRTUAL_HOST/);
    assert.match(shown, /refused .*rpc\.violation: rpc\.batch/);
  });
});
