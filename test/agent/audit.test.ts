import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, closeSync, copyFileSync, cpSync, mkdirSync, openSync, readdirSync } from "node:fs";
import {
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { AuditTrail } from "../../agent/audit.ts";
import { trailFiles } from "../../agent/audit-files.ts";
import { createKey, readKey } from "../../agent/audit-key.ts";
import { lockDirectory } from "../../agent/audit-lock.ts";
import { Disclosures } from "../../agent/disclosure.ts";
import { exportTrail, proveRecord } from "../../agent/audit/prove.ts";
import { PublicKey } from "../../agent/audit/public-key.ts";
import { reportTrail } from "../../agent/audit/report.ts";
import { type Verification, verifyTrail } from "../../agent/audit/verify.ts";
import { container } from "../renderer/fake-agent.ts";
import { requires } from "../requires.ts";
import { unmount } from "../unmount.ts";
import { appendTo, GoVerifier, ORIGIN, stop, TrailRig } from "./trail-rig.ts";

let rig: TrailRig;
let key: PublicKey;
let go: GoVerifier | undefined;
let directory: string;
let number = 0;

before(() => {
  rig = new TrailRig();
  key = new PublicKey(rig.publicKeyFile);
  if (requires("go") === false) go = new GoVerifier(rig.publicKeyFile, rig.directory);
});
after(async () => {
  go?.close();
  await rig.close();
});
beforeEach(() => {
  directory = rig.create(`trail${++number}`);
});

/** Runs both verifiers, which must agree, and returns the result. */
async function verify(at = directory, publicKey = key): Promise<Verification> {
  const verification = await verifyTrail(at, publicKey, 0);
  if (go && publicKey === key) assert.deepEqual(await go.verify([at]), [verification.exitCode], verification.message);
  return verification;
}

const files = (): string[] => trailFiles(directory);
const current = (): string => files().at(-1)!;
const lines = (file = current()): string[] => readFileSync(file, "latin1").split(/(?<=\n)/);
const records = (): Record<string, unknown>[] =>
  files().flatMap((file) =>
    lines(file)
      .filter((line) => line.endsWith("}\n"))
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
const named = (event: string): Record<string, unknown>[] => records().filter((record) => record["event"] === event);

/** Writes a trail of 21 records. */
function write(options: Parameters<TrailRig["open"]>[1] = {}): void {
  const trail = rig.open(directory, options);
  appendTo(trail, 14);
  stop(trail);
}

describe("a trail", () => {
  test("is whole as written, with one ASCII line per record", async () => {
    write();
    assert.match((await verify()).message, /^records 1 to 21 are intact, signed by sallyport\/agent\/local$/);
    assert.match(readFileSync(current(), "latin1"), /^[\x20-\x7e\n]*$/);
    assert.deepEqual(
      records().map(({ seq }) => seq),
      Array.from({ length: 21 }, (_, index) => index + 1),
    );
  });

  test("is whole when resumed, across files, and after old files were pruned", async () => {
    for (let run = 0; run < 3; run++) write({ maxBytes: 3_000 });
    assert.ok(files().length > 4);
    assert.equal((await verify()).exitCode, 0);
    write({ maxBytes: 3_000, keep: 2 });
    assert.equal(files().length, 3);
    const { exitCode, message } = await verify();
    assert.equal(exitCode, 0, message);
    assert.match(message, /^records (?!1 )[0-9]+ to /);
    assert.ok(named("audit.resume").every(({ clean }) => clean === true));
  });

  test("keeps more files than configured while they are young, up to ten times as many", async () => {
    for (let run = 0; run < 3; run++) write({ maxBytes: 3_000, keep: 1, keepMs: 3_600_000 });
    const young = files().length;
    assert.ok(young > 3 && young <= 11);
    assert.match((await verify()).message, /^records 1 to /);
    for (const file of files().slice(0, 2)) utimesSync(file, 0, 0);
    write({ maxBytes: 3_000, keep: 1, keepMs: 3_600_000 });
    assert.doesNotMatch((await verify()).message, /^records 1 to /);
    for (let run = 0; run < 6; run++) write({ maxBytes: 3_000, keep: 1, keepMs: 3_600_000 });
    assert.equal(files().length, 11);
    assert.equal((await verify()).exitCode, 0);
  });

  test("is incomplete when files are missing that the agent did not prune", async () => {
    for (let run = 0; run < 3; run++) write({ maxBytes: 3_000, keep: 4 });
    rmSync(files()[0]!);
    const { exitCode, message } = await verify();
    assert.equal(exitCode, 2);
    assert.match(message, /^records [0-9]+ to [0-9]+ are missing$/);
  });

  test("is incomplete when files are missing that `resume` counts as pruned", async () => {
    write({ maxBytes: 3_000 });
    rmSync(files()[0]!);
    const resume = join(directory, "resume");
    const forged = { ...(JSON.parse(readFileSync(resume, "utf8")) as object), oldest: Number(records()[0]!["seq"]) };
    writeFileSync(resume, JSON.stringify(forged));
    write({ maxBytes: 3_000 });
    const { exitCode, message } = await verify();
    assert.deepEqual([exitCode, /^records 1 to [0-9]+ are missing$/.test(message)], [2, true], message);
  });

  test("is incomplete while the last records are not signed", async () => {
    const trail = rig.open(directory);
    stop(trail);
    const lock = rig.open(directory);
    lock.append("rpc.connect", "allow", "ok");
    const { exitCode, message } = await verify();
    assert.equal(exitCode, 2);
    assert.match(message, /records [0-9]+ to [0-9]+ are not signed/);
    lock.close();
    assert.equal((await verify()).exitCode, 0);
  });

  test("is whole while an agent writes it, because the verifier waits for the next checkpoint", async () => {
    const trail = rig.open(directory);
    trail.append("rpc.connect", "allow", "ok");
    assert.equal((await verifyTrail(directory, key)).exitCode, 0);
    trail.close();
  });

  test("is unreadable when it is missing, or when a file is not a regular file", async () => {
    assert.equal((await verify()).exitCode, 3);
    write();
    const moved = join(rig.directory, `moved${number}`);
    renameSync(current(), moved);
    symlinkSync(moved, join(directory, "trail-000000000000001.jsonl"));
    assert.equal((await verifyTrail(directory, key, 0)).exitCode, 3);
    rmSync(current());
    execFileSync("mkfifo", [join(directory, "trail-000000000000001.jsonl")]);
    assert.match((await verifyTrail(directory, key, 0)).message, /is not a regular file/);
  });

  test("contains no record over 65,535 bytes: a large disclosure is several records", async () => {
    const containers = Array.from({ length: 3_000 }, (_, index) =>
      container("a", {
        id: index.toString(16).padStart(64, "0"),
        env: Object.fromEntries(
          Array.from({ length: 4 }, (_, name) => [`VIRTUAL_HOST_${"\\".repeat(100)}${name}${index % 7}`, "x"]),
        ),
      }),
    );
    const worst = container("b", {
      env: Object.fromEntries(Array.from({ length: 64 }, (_, name) => [String(name).padEnd(128, "\\"), ""])),
      labels: Object.fromEntries(Array.from({ length: 64 }, (_, name) => [String(name).padEnd(128, '"'), ""])),
      refused: Array.from({ length: 128 }, (_, name) => ({
        from: "label",
        name: `sallyport.${name}`.padEnd(128, '"'),
        reason: "container.size",
      })),
    });
    const trail = rig.open(directory);
    new Disclosures().record(
      trail,
      { conn: 1, generation: 1 },
      [...containers, worst],
      containers.map(({ id }) => id),
    );
    stop(trail);
    assert.ok(trail.isWhole);
    assert.ok(lines().every((line) => line.length <= 65_536));
    const disclosures = named("disclosure");
    assert.equal(
      disclosures.reduce((sum, record) => sum + Number(record["containers"]), 0),
      3_001,
    );
    assert.equal(
      disclosures.reduce((sum, { gone = [] }) => sum + (gone as string[]).length, 0),
      3_000,
    );
    assert.equal((await verify()).exitCode, 0);
  });
});

describe("tampering", () => {
  const tamperings: readonly [title: string, tamper: (all: string[]) => string[], message: RegExp][] = [
    ["a changed character", (all) => all.with(7, all[7]!.replace('"ok"', '"ko"')), /does not match/],
    [
      "fields after the end of a record",
      (all) => all.with(7, all[7]!.replace(/\}\n$/, ',"event":"stop"}\n')),
      /does not match/,
    ],
    ["a removed line", (all) => all.toSpliced(7, 1), /\.jsonl:8: record 8 has sequence number 9/],
    ["two swapped lines", (all) => all.with(7, all[8]!).with(8, all[7]!), /\.jsonl:8: record 8 has sequence number 9/],
    ["a duplicated line", (all) => all.toSpliced(7, 0, all[7]!), /\.jsonl:9: record 9 has sequence number 8/],
    ["a line that is not a record", (all) => all.toSpliced(7, 0, "hello\n"), /\.jsonl:8: record 8 is not a record/],
    [
      "an enormous sequence number",
      (all) => all.with(7, all[7]!.replace(/"seq":[0-9]+/, '"seq":9007199254740991')),
      /has sequence number/,
    ],
    ["an enormous line", (all) => all.with(7, `${"x".repeat(70_000)}\n`), /is longer than 65,535 bytes/],
    ["a missing header", (all) => all.slice(1), /does not contain the tree before its file/],
  ];
  for (const [title, tamper, message] of tamperings) {
    test(`is reported: ${title}`, async () => {
      write();
      writeFileSync(current(), tamper(lines()).join(""), "latin1");
      const verification = await verify();
      assert.equal(verification.exitCode, 1, verification.message);
      assert.match(verification.message, message);
    });
  }

  test("is reported when a trail is rewritten with another key", async () => {
    const other = new TrailRig();
    try {
      const trail = other.open(directory);
      appendTo(trail, 3);
      stop(trail);
      const { exitCode, message } = await verify();
      assert.equal(exitCode, 1);
      assert.match(message, /"checkpoint" is not signed by the key of sallyport\/agent\/local/);
    } finally {
      await other.close();
    }
  });

  test("is reported when a trail is cut and records are forged after it", async () => {
    write();
    const forged = lines().slice(0, 8);
    forged.push(forged[7]!.replace('"seq":8', '"seq":9'), forged[7]!.replace('"seq":8', '"seq":10'));
    writeFileSync(current(), forged.join(""), "latin1");
    assert.notEqual((await verify()).exitCode, 0);
    rmSync(join(directory, "checkpoint"));
    assert.notEqual((await verify()).exitCode, 0);
  });
});

describe("a trail after a crash", () => {
  /** Writes a trail, and leaves it as a process does that is killed within the first second after the last four records. */
  function crash(): void {
    const living = rig.create(`living${number}`);
    const trail = rig.open(living);
    appendTo(trail, 14);
    cpSync(living, directory, { recursive: true });
    trail.close();
  }

  /** Opens and stops the trail, and returns the content of the files with damaged bytes. */
  function restart(): string {
    const before = new Set(readdirSync(directory));
    const reported: string[] = [];
    stop(rig.open(directory, { onDamage: (path) => reported.push(basename(path)) }));
    const kept = readdirSync(directory).filter((name) => name.startsWith("damaged-") && !before.has(name));
    assert.deepEqual(reported.toSorted(), kept);
    return kept.map((name) => readFileSync(join(directory, name), "latin1")).join("");
  }

  const forge = (record: string, seq: number): string =>
    record.replace(/"seq":[0-9]+/, `"seq":${seq}`).replace(/"conn":[0-9]+/, '"conn":666');
  const damages: readonly [title: string, damage: string | ((all: string[]) => string)][] = [
    ["nothing else", ""],
    ["a torn line", '{"v":2,"seq":'],
    ["zeros", "\0".repeat(5_000)],
    ["a line that is not a record", "hello\n"],
    ["a forged record far ahead", '{"seq":9007199254740991}\n'],
    ["forged records", (all) => [1, 2, 3].map((next) => forge(all.at(-1)!, all.length + next)).join("")],
    ["more than a line can have", "x".repeat(200_000)],
  ];
  for (const [title, damage] of damages) {
    for (const without of ["nothing", "resume", "checkpoint", "resume and checkpoint"]) {
      test(`keeps unsigned records and ${title} in a file of their own, and signs none, without ${without}`, async () => {
        crash();
        const all = lines();
        const appended = typeof damage === "string" ? damage : damage(all);
        appendFileSync(current(), appended, "latin1");
        for (const name of ["resume", "checkpoint"]) if (without.includes(name)) rmSync(join(directory, name));
        // Without `checkpoint`, the last proof is in the trail, in the record before the last four.
        const proven = without.includes("checkpoint") ? all.length - 5 : all.length - 4;
        assert.equal(restart(), all.slice(proven).join("") + appended);
        const resumed = named("audit.resume").at(-1)!;
        assert.deepEqual([resumed["seq"], resumed["clean"]], [proven + 1, false]);
        assert.deepEqual(lines().slice(0, proven), all.slice(0, proven));
        const { exitCode, message } = await verify();
        assert.equal(exitCode, 2);
        assert.match(
          message,
          /^restarts that moved unsigned bytes to "damaged-…" files: 1, the last one at .*\.jsonl:[0-9]+: record [0-9]+$/,
        );
      });
    }
  }

  const rollbacks: readonly [title: string, names: readonly string[]][] = [
    ["checkpoint", ["checkpoint"]],
    ["checkpoint and resume", ["checkpoint", "resume"]],
    ["resume", ["resume"]],
  ];
  for (const [title, names] of rollbacks) {
    test(`signs no forged records when an older ${title} is put back`, async () => {
      write();
      const older = new Map(names.map((name) => [name, readFileSync(join(directory, name))]));
      write();
      const all = lines();
      for (const [name, content] of older) writeFileSync(join(directory, name), content);
      const forged = [1, 2, 3].map((next) => forge(all[7]!, all.length + next)).join("");
      appendFileSync(current(), forged);
      // The last checkpoint in the trail proves the records before it.
      const signed = all.slice(0, title === "resume" ? all.length : -1);
      assert.equal(restart(), all.slice(signed.length).join("") + forged);
      assert.doesNotMatch(lines().join(""), /"conn":666/);
      assert.deepEqual(lines().slice(0, signed.length), signed, "keeps what was signed");
      assert.equal((await verify()).exitCode, 2);
      const exported = exportTrail(directory, key, join(directory, "tiles"));
      assert.deepEqual(exported, { output: `wrote ${lines().length} records`, exitCode: 0 });
    });
  }

  test("signs no record of a forged file, and continues in the last one that is signed", async () => {
    write();
    const all = lines();
    const name = `trail-${String(all.length + 1).padStart(15, "0")}.jsonl`;
    const header = all[0]!.replace('"seq":1,', `"seq":${all.length + 1},`);
    writeFileSync(join(directory, name), header + forge(all[7]!, all.length + 2), "latin1");
    assert.match(restart(), /"conn":666/);
    assert.deepEqual(
      files().map((file) => basename(file)),
      ["trail-000000000000001.jsonl"],
    );
    assert.equal((await verify()).exitCode, 2);
  });

  test("believes no header that is not proven", async () => {
    for (let run = 0; run < 3; run++) write({ maxBytes: 3_000 });
    const [header] = lines();
    rmSync(files()[0]!);
    writeFileSync(current(), header!.replace('"first":1,', `"first":${String(records()[0]!["seq"])},`), "latin1");
    rmSync(join(directory, "checkpoint"));
    assert.match(restart(), /^\{"v":2,"seq":[0-9]+,"event":"audit\.file"/);
    const { exitCode, message } = await verify();
    assert.deepEqual(
      [exitCode, /^records 1 to [0-9]+ are missing; restarts that moved/.test(message)],
      [2, true],
      message,
    );
  });

  test("reports a crash although `resume` counts the end as clean", () => {
    const trail = rig.open(directory);
    appendTo(trail, 5);
    trail.close();
    const forged = { edge: [], clean: true, range: [], file: basename(current()), bytes: 0, first: 1 };
    writeFileSync(join(directory, "resume"), JSON.stringify(forged));
    stop(rig.open(directory));
    assert.equal(named("audit.resume").at(-1)!["clean"], false);
  });

  const losses: readonly [title: string, lose: () => void][] = [
    ["the last signed records", () => truncateSync(current(), statSync(current()).size - 900)],
    ["the current file", () => rmSync(current())],
    ["the content of the current file", () => truncateSync(current(), 0)],
  ];
  for (const [title, lose] of losses) {
    test(`never reuses a sequence number after the loss of ${title}`, async () => {
      crash();
      stop(rig.open(directory));
      const size = records().length;
      lose();
      stop(rig.open(directory));
      const resumed = named("audit.resume").at(-1)!;
      assert.deepEqual([Number(resumed["seq"]) > size, resumed["clean"], resumed["missing"]], [true, false, true]);
      assert.equal((await verify()).exitCode, 2);
    });
  }

  test("continues when the file was created and its first record is incomplete", async () => {
    write();
    const size = records().length;
    writeFileSync(join(directory, `trail-${String(size + 1).padStart(15, "0")}.jsonl`), '{"v":2,"se');
    stop(rig.open(directory));
    assert.equal(named("audit.resume").at(-1)!["clean"], false);
    assert.equal((await verify()).exitCode, 2);
  });

  test("refuses to continue when signed records are missing and the tree cannot be continued", () => {
    write();
    rmSync(join(directory, "resume"));
    truncateSync(current(), lines().slice(0, 8).join("").length);
    assert.throws(
      () => rig.open(directory),
      /signed records are missing: 21 were signed, the files prove 2; move all files/,
    );
    assert.equal(lines().length, 8, "changes nothing");
  });

  test("refuses to continue a trail of another key", async () => {
    const other = new TrailRig();
    write();
    assert.throws(() => other.open(directory), /was signed with another key/);
    await other.close();
  });
});

test("a trail waits for no FIFO, and writes through no link, where the agent writes its own files", async () => {
  write();
  const other = join(rig.directory, `other${number}`);
  writeFileSync(other, "other");
  symlinkSync(other, join(directory, "checkpoint.new"));
  execFileSync("mkfifo", [join(directory, "resume.new")]);
  write();
  assert.equal(readFileSync(other, "utf8"), "other");
  assert.equal((await verify()).exitCode, 0);
});

describe("a trail that another process changes", () => {
  let trail: AuditTrail;
  beforeEach(() => {
    trail = rig.open(directory);
    appendTo(trail, 3);
  });

  test("keeps bytes that the process appended in a file of its own", async () => {
    appendFileSync(current(), "foreign\n");
    trail.append("rpc.close", "note", "ok");
    stop(trail);
    const { file, damaged, damaged_bytes } = named("audit.damaged")[0]!;
    assert.deepEqual([file, damaged_bytes], [basename(current()), 8]);
    assert.equal(readFileSync(join(directory, String(damaged)), "utf8"), "foreign\n");
    assert.equal((await verify()).exitCode, 0);
  });

  test("starts a new file when the process truncated the current one", async () => {
    truncateSync(current(), 100);
    trail.append("rpc.close", "note", "ok");
    stop(trail);
    assert.equal(files().length, 2);
    assert.equal((await verify()).exitCode, 2);
  });

  test("starts a new file when the process deleted the current one, and keeps what it contained", async () => {
    const text = readFileSync(current(), "utf8");
    rmSync(current());
    trail.append("rpc.close", "note", "ok");
    stop(trail);
    assert.equal(readFileSync(join(directory, String(named("audit.damaged")[0]!["damaged"])), "utf8"), text);
    assert.equal((await verify()).exitCode, 2);
  });
});

describe("the lock", () => {
  test("is held by one process, and free when that process ends without releasing it", async () => {
    const lock = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), /another agent writes there/);
    lock.close();
    (await lockDirectory(directory)).close();
    const holder = `require("net").createServer().listen(${JSON.stringify(join(directory, "lock.7"))}, () => process.kill(process.pid, "SIGKILL"))`;
    assert.equal(spawnSync(process.execPath, ["-e", holder]).signal, "SIGKILL");
    assert.deepEqual(readdirSync(directory), ["lock.7"]);
    const again = await lockDirectory(directory);
    assert.deepEqual(readdirSync(directory), ["lock.8"]);
    again.close();
  });

  test("is never held twice because of a number that agents do not look for", async () => {
    writeFileSync(join(directory, "lock.999999999999999"), "");
    const tried = await Promise.allSettled([lockDirectory(directory), lockDirectory(directory)]);
    assert.deepEqual(
      tried.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    await assert.rejects(lockDirectory(directory), /"lock.999999999999999" has too high a number; remove it/);
  });

  test("is never held twice when many try at once", async () => {
    for (let round = 0; round < 20; round++) {
      const tried = await Promise.allSettled(Array.from({ length: 8 }, async () => await lockDirectory(directory)));
      const held = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      assert.ok(held.length <= 1, `held ${held.length} times`);
      for (const lock of held) lock.close();
    }
  });
});

describe("a key", () => {
  const invalid: readonly [title: string, text: string, message: RegExp][] = [
    ["an empty file", "", /is not a key; create one with `sallyport-audit keygen`/],
    ["a hexadecimal key", `${"a".repeat(64)}\n`, /is not a key/],
    ["the public key", "", /is not a key/],
    [
      "the key of another host",
      "",
      /is the key of "sallyport\/agent\/other", but --host requires "sallyport\/agent\/local"/,
    ],
    ["a damaged key", "", /is damaged/],
    ["a large file", "x".repeat(5_000), /is not a key file/],
  ];
  for (const [title, text, message] of invalid) {
    test(`is refused with its fault and never quoted: ${title}`, () => {
      const file = join(directory, "key");
      createKey(`${file}.other`, "sallyport/agent/other");
      const damaged = readFileSync(rig.keyFile, "latin1").replace(/\+[0-9a-f]{8}\+/, "+00000000+");
      const texts: Record<string, string> = {
        "the public key": readFileSync(rig.publicKeyFile, "latin1"),
        "the key of another host": readFileSync(`${file}.other`, "latin1"),
        "a damaged key": damaged,
      };
      writeFileSync(file, texts[title] ?? text, { mode: 0o600 });
      assert.throws(
        () => readKey(file, ORIGIN),
        (error: Error) => {
          assert.match(error.message, message);
          assert.ok(!error.message.includes(readFileSync(file, "latin1").slice(-30).trim() || "PRIVATE"));
          return true;
        },
      );
    });
  }

  test("is refused when other users can read it", () => {
    const file = join(directory, "key");
    copyFileSync(rig.keyFile, file);
    chmodSync(file, 0o640);
    assert.throws(() => readKey(file, ORIGIN), /has mode 640; only the agent may read it: run chmod 0600/);
  });

  test("is never overwritten, and readable by its owner only", () => {
    assert.equal(statSync(rig.keyFile).mode & 0o777, 0o600);
    assert.throws(() => createKey(rig.keyFile, ORIGIN), /EEXIST/);
  });
});

describe("a full disk", { skip: requires("root") }, () => {
  let small: string;
  afterEach(async () => await unmount(small));

  function mount(options: string): void {
    small = join(directory, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", small]);
  }

  test("leaves no partial line and is recorded as a gap when there is space again", async () => {
    mount("size=32k");
    const failures: string[] = [];
    const trail = rig.open(small, { onFailure: (errno) => failures.push(errno) });
    writeFileSync(join(small, "filler"), Buffer.alloc(8_192));
    for (let conn = 0; conn < 100; conn++) trail.append("rpc.connect", "allow", "ok", { conn, text: "x".repeat(100) });
    assert.ok(failures.includes("ENOSPC"));
    assert.equal(trail.isWhole, false);
    rmSync(join(small, "filler"));
    trail.append("rpc.close", "note", "ok", { conn: 1 });
    assert.equal(trail.isWhole, true);
    trail.close();
    assert.match(readFileSync(trailFiles(small)[0]!, "utf8"), /"event":"audit.gap".*"missed":[0-9]+/);
    assert.equal((await verify(small)).exitCode, 0);
  });

  test("leaves the trail complete when the next file cannot be created, and writes no record to another file", async () => {
    // Inodes for the directory, the trail, `checkpoint`, `resume`, a new version of one of them, and one more.
    mount("nr_inodes=6");
    const failures: string[] = [];
    const trail = rig.open(small, { maxBytes: 2_000, onFailure: (errno) => failures.push(errno) });
    for (const name of ["filler1", "filler2"]) writeFileSync(join(small, name), "");
    while (failures.length === 0) trail.append("rpc.connect", "allow", "ok", { conn: 1 });
    assert.deepEqual(failures, ["ENOSPC"]);
    // Newly opened files receive the lowest free descriptors.
    const others = [0, 1].map((other) => join(directory, `other${other}`));
    const descriptors = others.map((other) => openSync(other, "w"));
    trail.append("rpc.close", "note", "ok", { conn: 1 });
    for (const descriptor of descriptors) closeSync(descriptor);
    for (const other of others) assert.equal(readFileSync(other, "utf8"), "");
    for (const name of ["filler1", "filler2"]) rmSync(join(small, name));
    trail.append("rpc.close", "note", "ok", { conn: 2 });
    assert.equal(trail.isWhole, true);
    assert.equal(trailFiles(small).length, 2);
    trail.close();
    assert.equal((await verify(small)).exitCode, 0);
  });
});

describe("proofs", () => {
  test("show that a record is in the trail, also in a pruned one", { skip: requires("go") }, () => {
    for (let run = 0; run < 3; run++) write({ maxBytes: 3_000, keep: 3 });
    for (const record of records()) {
      const seq = Number(record["seq"]);
      const result = proveRecord(directory, key, seq);
      const file = join(directory, `${seq}.tlog-proof`);
      writeFileSync(file, `${"output" in result ? result.output : ""}\n`);
      writeFileSync(
        `${file}.record`,
        JSON.stringify(record).replaceAll("\u2028é", "\\u2028\\u00e9").replaceAll("—", "\\u2014"),
      );
      go!.check("proof", file);
    }
    assert.match(JSON.stringify(proveRecord(directory, key, 1)), /the trail has records [0-9]+ to [0-9]+, not 1/);
  });

  test("are static tiles for mirrors and witnesses", { skip: requires("go") }, () => {
    const trail = rig.open(directory, { maxBytes: 60_000 });
    appendTo(trail, 700);
    stop(trail);
    const target = join(directory, "tiles");
    assert.deepEqual(exportTrail(directory, key, target), { output: `wrote ${records().length} records`, exitCode: 0 });
    go!.check("tiles", target);
    assert.deepEqual(
      readdirSync(join(target, "tile"), { recursive: true, encoding: "utf8" }).filter((path) =>
        /\.p\/|1\/|x/.test(path),
      ).length > 2,
      true,
    );
  });

  test("never replace the tiles of an earlier export by those of a trail that was pruned, altered or replaced", () => {
    const target = join(directory, "tiles");
    const snapshot = (): string[] =>
      readdirSync(target, { recursive: true, encoding: "utf8" })
        .toSorted()
        .filter((path) => statSync(join(target, path)).isFile())
        .map((path) => path + readFileSync(join(target, path), "latin1"));
    write({ maxBytes: 3_000 });
    const copy = rig.create(`copy${number}`);
    cpSync(directory, copy, { recursive: true });
    write({ maxBytes: 3_000 });
    assert.equal((exportTrail(directory, key, target) as { exitCode: number }).exitCode, 0);
    const before = snapshot();
    const failureOf = (at: string): string => JSON.stringify(exportTrail(at, key, target));
    assert.match(failureOf(copy), /tiles\/checkpoint.* has [0-9]+ records, the trail [0-9]+; keep it as evidence/);
    const replaced = rig.create(`replaced${number}`);
    const trail = rig.open(replaced);
    appendTo(trail, 100);
    stop(trail);
    assert.match(failureOf(replaced), /"the records 1 to [0-9]+ do not match the signed checkpoint"/);
    write({ maxBytes: 3_000, keep: 2 });
    assert.match(failureOf(directory), /records 1 to [0-9]+ were pruned/);
    writeFileSync(files()[1]!, readFileSync(files()[1]!, "latin1").replace("rpc.connect", "rpc.refused"));
    assert.match(failureOf(directory), /"exitCode":1/);
    assert.deepEqual(snapshot(), before);
  });

  test("show an older tree in a newer one, from memory and from disk", async () => {
    const trail = rig.open(directory, { maxBytes: 3_000 });
    appendTo(trail, 60);
    const { size } = await trail.prove(0);
    for (let since = 1; since <= size; since++) assert.equal((await trail.prove(since)).since, since);
    assert.equal((await trail.prove(size + 1)).since, 0);
    trail.close();
  });
});

describe("the report", () => {
  test("lists disclosures and refusals, and escapes what it prints", () => {
    const trail = rig.open(directory);
    trail.append("disclosure", "allow", "ok", {
      disclosed: [
        { env: ["VIRTUAL_HOST\u001b[2J"], labels: [], of: ["abcdef012345"] },
        { env: [], labels: [], refused: ["sallyport.hots"], of: ["abcdef012346"] },
      ],
    });
    trail.append("rpc.violation", "deny", "rpc.shape", { conn: 3 });
    trail.close();
    const report = reportTrail(directory);
    const output = "output" in report ? report.output : "";
    assert.match(output, /container abcdef012345 disclosed .*VIRTUAL_HOST\\u001b\[2J/);
    assert.match(output, /container abcdef012346 disclosed .*sallyport\.hots$/m);
    assert.match(output, /request refused .*rpc\.violation: rpc\.shape/);
    appendFileSync(current(), '{"seq":98,"event":"disclosure","disclosed":[null,7,{"of":["x"]}]}\n');
    const nested = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    appendFileSync(current(), `{"seq":99,"event":"start","uid":${nested},"ts":${nested}}\n`);
    assert.match(JSON.stringify(reportTrail(directory)), /agent started.*uid , program.*container x disclosed/);
  });
});
