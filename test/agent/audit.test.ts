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

  /** Writes twenty records and returns the head. */
  function write(trail: AuditTrail): string {
    for (let conn = 0; conn < 20; conn++) trail.append("rpc.connect", "allow", "ok", { conn, name: "\u2028é" });
    const { seq, hash } = trail.head;
    trail.close();
    return `${seq}:${hash}`;
  }

  /** Runs both verifiers, which must agree, and returns the result. */
  function verify(anchor?: string, keyFile?: string): { exitCode: number; message: string } {
    const verification = verifyTrail({
      directory,
      keyFile,
      anchor: anchor === undefined ? undefined : parseAnchor(anchor),
    });
    if (keyFile === undefined) {
      const args = ["test/agent/verify_audit.py", directory, ...(anchor === undefined ? [] : [anchor])];
      assert.equal(spawnSync("python3", args).status, verification.exitCode, "exit code of verify_audit.py");
    }
    return verification;
  }

  const current = (): string => join(directory, "audit.jsonl");
  const lines = (): string[] => readFileSync(current(), "utf8").split("\n").slice(0, -1);
  const rewrite = (changed: readonly string[]): void =>
    writeFileSync(current(), changed.map((line) => `${line}\n`).join(""));

  test("verifies as written, with one ASCII line per record", () => {
    const head = write(open());
    assert.equal(verify(head).exitCode, 0);
    assert.match(readFileSync(current(), "latin1"), /^[\x20-\x7e\n]*$/);
  });

  const tampering: readonly [string, (all: string[]) => string[], RegExp][] = [
    ["a changed character", (all) => all.with(7, all[7]!.replace('"ok"', '"ko"')), /audit\.jsonl:8: record 8/],
    ["a removed line", (all) => all.toSpliced(7, 1), /audit\.jsonl:8: record 9/],
    ["two swapped lines", (all) => all.with(7, all[8]!).with(8, all[7]!), /audit\.jsonl:8/],
    ["a duplicated line", (all) => all.toSpliced(7, 0, all[7]!), /audit\.jsonl:9: record 8/],
    ["a line that is not a record", (all) => all.toSpliced(7, 0, "hello"), /audit\.jsonl:8: record 8: the line is not/],
  ];
  for (const [title, tamper, where] of tampering) {
    test(`reports the position of ${title}`, () => {
      write(open());
      rewrite(tamper(lines()));
      const verification = verify();
      assert.equal(verification.exitCode, 1);
      assert.match(verification.message, where);
    });
  }

  test("detects a truncated end only with an anchor", () => {
    const head = write(open());
    rewrite(lines().slice(0, -3));
    assert.equal(verify().exitCode, 0);
    assert.equal(verify(head).exitCode, 2);
  });

  test("detects a rewritten trail by the anchor", () => {
    const head = write(open());
    rmSync(current());
    write(open());
    assert.equal(verify(head).exitCode, 1);
  });

  test("a missing trail is unreadable", () => {
    assert.equal(verify().exitCode, 3);
  });

  test("the chain continues across sealed files and across a crash", () => {
    const trail = open({ maxBytes: 2_000 });
    for (let conn = 0; conn < 50; conn++) trail.append("rpc.connect", "allow", "ok", { conn });
    // Simulates a crash: files are not closed and the last line is partial.
    appendFileSync(current(), '{"v":1,"seq":');
    const head = write(open({ maxBytes: 2_000 }));
    assert.ok(trailFiles(directory).length > 5);
    assert.equal(verify(head).exitCode, 0);
    assert.ok(
      trailFiles(directory).some((file) => readFileSync(file, "utf8").includes('"clean":false,"torn_bytes":13')),
    );
  });

  test("detects a truncated start of a sealed file by its record count, even with an anchor", () => {
    const head = write(open({ maxBytes: 2_000 }));
    const [oldest] = trailFiles(directory);
    const records = readFileSync(oldest!, "utf8").split("\n");
    const seal = JSON.parse(records.at(-2)!) as { event: string; file: string; count: number };
    assert.deepEqual(
      [seal.event, join(directory, seal.file), seal.count],
      ["audit.seal", oldest, records.length - 1],
      "named after the first record, with the number of records",
    );
    rmSync(oldest!);
    assert.equal(verify(head).exitCode, 0, "whole old files may be deleted");
    writeFileSync(oldest!, records.slice(2).join("\n"));
    assert.equal(verify(head).exitCode, 1);
  });

  test("a partial last line is reported as incomplete", () => {
    write(open());
    truncateSync(current(), readFileSync(current()).length - 5);
    assert.equal(verify().exitCode, 2);
  });

  test("the first key detects forged records, which the evolved key cannot seal", () => {
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
    "a full disk leaves no partial line and is recorded as a gap when there is space again",
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
    "a failed rotation leaves the trail complete and writes no record to another file",
    { skip: requires("root") },
    () => {
      const small = join(directory, "small");
      mkdirSync(small);
      // Inodes for the directory, the trail and one more file.
      execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=3", "tmpfs", small]);
      try {
        const failures: string[] = [];
        const trail = open({ at: small, maxBytes: 2_000, onFailure: (errno) => failures.push(errno) });
        writeFileSync(join(small, "filler"), "");
        while (failures.length === 0) trail.append("rpc.connect", "allow", "ok", { conn: 1 });
        assert.deepEqual(failures, ["ENOSPC"]);
        // Newly opened files receive the lowest free descriptors.
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

  test("the report lists disclosures and refusals", () => {
    const trail = open();
    trail.append("disclosure", "allow", "ok", { told: [{ env: ["VIRTUAL_HOST"], labels: [], of: ["abcdef012345"] }] });
    trail.append("rpc.violation", "deny", "rpc.batch", { conn: 3 });
    trail.close();
    const report = reportTrail(directory);
    const output = "output" in report ? report.output : "";
    assert.match(output, /container abcdef012345 disclosed .*VIRTUAL_HOST/);
    assert.match(output, /request refused .*rpc\.violation: rpc\.batch/);
  });
});
