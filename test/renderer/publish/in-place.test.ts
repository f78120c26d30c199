import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Journal } from "../../../renderer/publish/journal.ts";
import { mountPoints } from "../../../renderer/publish/mount-point.ts";
import { RenderedFile } from "../../../renderer/publish/rendered-file.ts";
import { publish } from "../../../renderer/publish/publication.ts";
import { Reconciler } from "../../../renderer/publish/reconciler.ts";
import { recoverTogether } from "../../../renderer/publish/recovery.ts";
import { Volume } from "../../../renderer/publish/volume.ts";
import { eventually } from "../../eventually.ts";
import { crashesAt } from "./crash.ts";
import { REFUSED, revisionsOf, ScriptedServer } from "./scripted-server.ts";
import { requires } from "../../requires.ts";

/** Crashes are tried by the hundred, and no disk has to be waited for. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const printed = (text: string): RenderedFile => new RenderedFile(Buffer.from(text));

describe("a destination that is itself a mount", { skip: requires("root") }, () => {
  let directory: string;
  let mounted: string[];
  let volume: Volume;
  let server: ScriptedServer;
  beforeEach(() => {
    directory = mkdtempSync(join(MEMORY, "sallyport in place-"));
    mounted = [];
    volume = new Volume(mountFile("a"));
    server = new ScriptedServer(volume.live);
  });
  afterEach(() => {
    for (const place of mounted.toReversed()) execFileSync("umount", [place]);
    rmSync(directory, { recursive: true });
  });

  function mount(...words: string[]): string {
    execFileSync("mount", words);
    const place = words.at(-1)!;
    mounted.push(place);
    return place;
  }

  const sourceOf = (name: string): string => join(directory, `${name}.source`);

  /** NAME/file, on which NAME.source is mounted. */
  function mountFile(name: string): string {
    const file = join(directory, name, "file");
    mkdirSync(join(directory, name));
    writeFileSync(file, "hidden");
    writeFileSync(sourceOf(name), "");
    return mount("--bind", sourceOf(name), file);
  }

  const live = (): string => readFileSync(volume.live, "utf8");
  const publishOne = async (text: string, into = volume) =>
    await publish([{ wanted: printed(text), volume: into, server, reload: "one" }]);

  test("is overwritten in place with a longer or shorter file", async () => {
    assert.throws(() => renameSync(sourceOf("a"), volume.live), /EXDEV|EBUSY/);
    const { ino, mode } = statSync(volume.live);
    for (const text of ["one", "a longer text", "two"]) {
      assert.equal((await publishOne(text)).kind, "published");
      assert.equal(readFileSync(sourceOf("a"), "utf8"), text);
      assert.equal(server.served, text);
    }
    assert.deepEqual([statSync(volume.live).ino, statSync(volume.live).mode], [ino, mode]);
    assert.deepEqual(await publishOne("two"), { kind: "unchanged" });
    assert.equal(readFileSync(join(directory, "a", ".sallyport", "last-good", "file"), "utf8"), "two");
  });

  test("gets the configured mode and owner", async () => {
    const other = new Volume(volume.live, { mode: 0o640, owner: { uid: 33, gid: 44 } });
    await publishOne("one", other);
    const { mode, uid, gid } = statSync(sourceOf("a"));
    assert.deepEqual([mode & 0o777, uid, gid], [0o640, 33, 44]);
  });

  test("returns to the last good file when a reload rejects the new one, also in a later process", async () => {
    await publishOne("good");
    server.reloaded = REFUSED;
    assert.equal((await publishOne("a text that is bad")).kind, "rejected");
    assert.equal(live(), "good");
    server.reload = async () => await Promise.reject(new Error("killed"));
    await assert.rejects(publishOne("bad"), /killed/);
    assert.equal(live(), "bad");
    const later = new Volume(volume.live);
    assert.equal(await later.recover(), false);
    server.reload = async () => await Promise.resolve(REFUSED);
    assert.equal((await publishOne("bad", later)).kind, "rejected");
    assert.equal(live(), "good");
  });

  test("is not overwritten if it has a second hard link", async () => {
    await publishOne("good");
    linkSync(sourceOf("a"), join(directory, "victim"));
    await assert.rejects(publishOne("other"), /a\/file: ENAMES, the file has several hard links/);
    assert.equal(readFileSync(join(directory, "victim"), "utf8"), "good");
    rmSync(join(directory, "victim"));
    assert.equal((await publishOne("other")).kind, "published");
  });

  test("keeps its content when the disk is full", async () => {
    const small = join(directory, "small");
    mkdirSync(small);
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", small);
    writeFileSync(join(small, "source"), "");
    const file = join(directory, "file");
    writeFileSync(file, "");
    const full = new Volume(mount("--bind", join(small, "source"), file));
    const good = "good".repeat(1_000);
    server = new ScriptedServer(file);
    await publishOne(good, full);
    await assert.rejects(publishOne("x".repeat(200_000), full), /ENOSPC.*make room/);
    assert.equal(readFileSync(file, "utf8"), good);
    assert.equal(await new Volume(file).recover(), false);
    assert.equal((await publishOne("y".repeat(10_000), full)).kind, "published");
  });

  test("needs a state directory if its own directory is read-only, and the error names the option", async () => {
    const readOnly = join(directory, "read-only");
    mkdirSync(readOnly);
    mount("-t", "tmpfs", "tmpfs", readOnly);
    writeFileSync(join(readOnly, "file"), "");
    writeFileSync(join(directory, "source"), "");
    execFileSync("mount", ["-o", "remount,ro", readOnly]);
    const file = mount("--bind", join(directory, "source"), join(readOnly, "file"));
    server = new ScriptedServer(file);
    await assert.rejects(publishOne("one", new Volume(file)), /EROFS.*`stateDirectory`/);
    const stateDirectory = join(directory, "state");
    assert.equal((await publishOne("one", new Volume(file, { stateDirectory }))).kind, "published");
    server.reloaded = REFUSED;
    assert.equal((await publishOne("bad", new Volume(file, { stateDirectory }))).kind, "rejected");
    assert.equal(readFileSync(file, "utf8"), "one");
  });

  test("is repaired once if it was left incomplete and the mount is gone", async () => {
    await publishOne("good");
    for (let step = 1; live() === "good"; step++)
      await crashesAt(step, async () => await publishOne("a text that is longer", new Volume(volume.live)));
    const torn = live();
    assert.notEqual(torn, "a text that is longer");
    execFileSync("umount", [mounted.pop()!]);
    writeFileSync(volume.live, torn);
    assert.equal(await new Volume(volume.live).recover(), true);
    assert.equal(live(), "good");
    assert.equal(await new Volume(volume.live).recover(), false);
  });

  test("is reported once in the log, and in the status", async () => {
    const log: string[] = [];
    let text = "one";
    const reconciler = new Reconciler({
      destinations: [{ volume, server, reload: "one" }],
      wait: { minMs: 1, maxMs: 10 },
      log: (level, event, fields) => log.push(`${level} ${event} ${JSON.stringify(fields)}`),
      source: revisionsOf(() => text),
    });
    await reconciler.prepare();
    for (text of ["one", "two"]) {
      reconciler.changed();
      await eventually("the file is served", () => server.served === text);
    }
    await reconciler.stop();
    const degraded = log.filter((line) => line.startsWith("warn publish.degraded"));
    assert.equal(degraded.length, 1);
    assert.match(degraded[0]!, /mount its directory instead/);
    assert.match(reconciler.states[0]?.warning ?? "", /mount its directory instead/);
  });

  for (const [title, first] of [
    ["after a publication", "the first text"],
    ["before there was any", ""],
  ] as const) {
    test(`after a crash at any step, ${title}, the next start restores the complete old or new file`, async () => {
      const ends = new Set<string>();
      for (let step = 1, isOver = false; !isOver; step++) {
        rmSync(volume.own, { recursive: true, force: true });
        truncateSync(volume.live, 0);
        if (first !== "") await publishOne(first, new Volume(volume.live));
        isOver = !(await crashesAt(step, async () => await publishOne("another a", new Volume(volume.live))));
        const torn = live();
        const later = new Volume(volume.live);
        const isRestored = await later.recover();
        assert.ok([first, "another a"].includes(live()), `${step}: ${live()}`);
        assert.ok(isRestored || torn === live(), `${step}: ${torn}`);
        ends.add(`${isRestored ? "restored" : "left"} ${live()}`);
        assert.match((await publishOne("another a", later)).kind, /^(published|unchanged)$/);
        assert.equal(live(), "another a");
        assert.equal(later.readLastGood()?.bytes.toString(), "another a");
      }
      const restored = `restored ${first === "" ? "another a" : first}`;
      assert.deepEqual([...ends].toSorted(), [`left ${first}`, "left another a", restored].toSorted());
    });
  }

  test("after a crash at any step of a transaction, all files are old or all are new", async () => {
    mountFile("c");
    const NAMES = ["a", "b", "c"];
    mkdirSync(join(directory, "b"));
    const all = (text: string): string[] => NAMES.map((name) => `${text} ${name}`);
    const open = (): Volume[] => NAMES.map((name) => new Volume(join(directory, name, "file")));
    const journal = new Journal(join(directory, "journal.json"));
    const publishAll = async (text: string, volumes: readonly Volume[]) =>
      await publish(
        volumes.map((one, index) => ({
          volume: one,
          server: new ScriptedServer(one.live),
          reload: String(index),
          wanted: printed(all(text)[index]!),
        })),
        journal,
      );
    const isReturned = new Set<boolean>();
    for (let step = 1, isOver = false; !isOver; step++) {
      await publishAll("one", open());
      isOver = !(await crashesAt(step, async () => await publishAll("another", open())));
      const volumes = open();
      for (const one of volumes) await one.recover();
      await recoverTogether(volumes, journal);
      const found = volumes.map((one) => one.readLive()?.bytes.toString());
      const isOld = found.join() === all("one").join();
      assert.ok(isOld || found.join() === all("another").join(), `${step}: ${found.join()}`);
      isReturned.add(isOld);
      const confirmed = volumes.filter((one) => one.readState().confirmed === one.readLive()?.hash);
      if (!isOld) assert.ok(confirmed.length === 0 || confirmed.length === NAMES.length, `${step}: half confirmed`);
      assert.match((await publishAll("another", volumes)).kind, /^(published|unchanged)$/);
    }
    assert.equal(isReturned.size, 2);
  });
});

test("replaces the file atomically although the state directory is on another file system", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-elsewhere-"));
  const stateDirectory = mkdtempSync("/dev/shm/sallyport-elsewhere-");
  try {
    const volume = new Volume(join(directory, "file"), { stateDirectory });
    const server = new ScriptedServer(volume.live);
    const inodes = new Set<number>();
    for (const text of ["one", "two"]) {
      await publish([{ wanted: printed(text), volume, server, reload: "one" }]);
      assert.equal(readFileSync(volume.live, "utf8"), text);
      inodes.add(statSync(volume.live).ino);
    }
    assert.deepEqual([inodes.size, volume.isInPlace], [2, false]);
  } finally {
    rmSync(directory, { recursive: true });
    rmSync(stateDirectory, { recursive: true });
  }
});

test("parses mount points with the kernel's escapes", () => {
  const line = String.raw`36 35 98:0 /mnt1 /with\040space\011and\134 rw,noatime master:1 - ext3 /dev/root rw`;
  assert.deepEqual(mountPoints(`${line}\n36 35 98:0 / /mnt2 rw - ext3 x rw\n`), ["/with space\tand\\", "/mnt2"]);
});
