import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { Part } from "../../../renderer/publish/destination.ts";
import { Journal } from "../../../renderer/publish/journal.ts";
import { RenderedFile } from "../../../renderer/publish/rendered-file.ts";
import { publish } from "../../../renderer/publish/publication.ts";
import { recoverTogether } from "../../../renderer/publish/recovery.ts";
import { Volume } from "../../../renderer/publish/volume.ts";
import { crashesAt } from "./crash.ts";
import { AWAY, OK, REFUSED, ScriptedServer } from "./scripted-server.ts";
import { requires } from "../../requires.ts";

const NAMES = ["a", "b", "c"] as const;

/** Crashes are tried by the hundred, and no disk has to be waited for. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let directory: string;
let volumes: Volume[];
let servers: ScriptedServer[];
let journal: Journal;
beforeEach(() => {
  directory = mkdtempSync(join(MEMORY, "sallyport-together-"));
  open();
  servers = volumes.map(({ live }) => new ScriptedServer(live));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** As a process finds everything that starts now; each file has a directory of its own. */
function open(): void {
  for (const name of NAMES) mkdirSync(join(directory, name), { recursive: true });
  volumes = NAMES.map((name) => new Volume(join(directory, name, "file")));
  journal = new Journal(join(directory, "journal.json"));
}

function partsOf(text: string, reloads: readonly string[] = NAMES): Part[] {
  return volumes.map((volume, index) => ({
    volume,
    server: servers[index]!,
    reload: reloads[index]!,
    wanted: new RenderedFile(Buffer.from(`${text} ${NAMES[index]!}`)),
  }));
}

const publishAll = async (text: string) => await publish(partsOf(text), journal);
const live = (): string[] => volumes.map((volume) => readFileSync(volume.live, "utf8"));
const served = (): string[] => servers.map((server) => server.served);
const all = (text: string): string[] => NAMES.map((name) => `${text} ${name}`);

test("makes all files live, reloads each server, and does nothing the second time", async () => {
  assert.deepEqual(await publishAll("one"), { kind: "published", generations: [1, 1, 1] });
  assert.deepEqual([live(), served()], [all("one"), all("one")]);
  for (const server of servers) server.reloaded = REFUSED;
  assert.deepEqual(await publishAll("one"), { kind: "unchanged" });
});

test("reloads a server that reads several files once", async () => {
  let reloads = 0;
  for (const server of servers) {
    server.reload = async () => {
      reloads += 1;
      return await Promise.resolve(OK);
    };
  }
  await publish(partsOf("one", ["same", "other", "same"]), journal);
  assert.equal(reloads, 2);
});

test("reloads a server once for each change while another server of the transaction does not run", async () => {
  let reloads = 0;
  servers[0]!.reload = async () => {
    reloads += 1;
    return await Promise.resolve(OK);
  };
  servers[1]!.reloaded = AWAY;
  for (const text of ["one", "one", "one", "two", "two"]) assert.equal((await publishAll(text)).kind, "pending");
  assert.equal(reloads, 2);
  servers[1]!.reloaded = OK;
  assert.equal((await publishAll("two")).kind, "published");
  assert.deepEqual([reloads, served()], [2, ["", "two b", "two c"]]);
});

test("reloads only the server whose file changed", async () => {
  await publishAll("one");
  const parts = partsOf("one");
  parts[1] = { ...parts[1]!, wanted: new RenderedFile(Buffer.from("two")) };
  for (const index of [0, 2]) servers[index]!.reloaded = REFUSED;
  assert.deepEqual(await publish(parts, journal), { kind: "published", generations: [undefined, 2, undefined] });
});

test("stages all files before the first check, and checks all before the first swap", async () => {
  await publishAll("one");
  const seen: string[][] = [];
  for (const server of servers) {
    server.check = async () => {
      seen.push(
        volumes.map((volume) => readFileSync(volume.candidate, "utf8")),
        live(),
      );
      return await Promise.resolve(OK);
    };
  }
  await publishAll("two");
  assert.deepEqual(
    seen,
    [0, 1, 2].flatMap(() => [all("two"), all("one")]),
  );
});

for (const index of [0, 1, 2]) {
  test(`keeps all files when check ${index} rejects one, and the error names its file`, async () => {
    await publishAll("one");
    servers[index]!.checked = REFUSED;
    const message = `${volumes[index]!.live}: no`;
    assert.deepEqual(await publishAll("two"), { kind: "rejected", by: "check", message });
    assert.deepEqual([live(), served()], [all("one"), all("one")]);
    for (const volume of volumes) assert.equal(existsSync(volume.candidate), false);
  });

  test(`rolls all files back when the reload of server ${index} rejects one`, async () => {
    await publishAll("one");
    servers[index]!.reloaded = REFUSED;
    const message = `${volumes[index]!.live}: no`;
    assert.deepEqual(await publishAll("two"), { kind: "rejected", by: "reload", message });
    assert.deepEqual([live(), served()], [all("one"), all("one")]);
    servers[index]!.reloaded = OK;
    assert.equal((await publishAll("three")).kind, "published");
    assert.deepEqual([live(), served()], [all("three"), all("three")]);
  });

  test(`swaps no file while check ${index} is unavailable`, async () => {
    await publishAll("one");
    servers[index]!.checked = AWAY;
    const message = `${volumes[index]!.live}: away`;
    assert.deepEqual(await publishAll("two"), { kind: "pending", isLive: false, message });
    assert.deepEqual([live(), served()], [all("one"), all("one")]);
  });

  test(`keeps all files pending when server ${index} becomes unreachable after its check, and a later process finishes`, async () => {
    await publishAll("one");
    servers[index]!.reloaded = AWAY;
    const message = `${volumes[index]!.live}: away`;
    assert.deepEqual(await publishAll("two"), { kind: "pending", isLive: true, message });
    assert.deepEqual(live(), all("two"));
    open();
    assert.equal(await recoverTogether(volumes, journal), undefined);
    servers[index]!.reloaded = OK;
    assert.deepEqual(await publishAll("two"), { kind: "published", generations: [2, 2, 2] });
    assert.deepEqual([live(), served()], [all("two"), all("two")]);
  });

  test(`rolls unchecked files back when server ${index} becomes unreachable`, async () => {
    await publishAll("one");
    servers[0]!.checked = { kind: "unchecked" };
    servers[index]!.reloaded = AWAY;
    const outcome = await publishAll("two");
    assert.deepEqual([outcome.kind, "isLive" in outcome && outcome.isLive], ["pending", false]);
    assert.deepEqual([live(), served()], [all("one"), all("one")]);
    servers[index]!.reloaded = OK;
    assert.deepEqual([(await publishAll("two")).kind, live(), served()], ["published", all("two"), all("two")]);
  });

  test(`rolls pending files back when file ${index} cannot be replaced`, async () => {
    await publishAll("one");
    servers[2]!.reloaded = AWAY;
    assert.equal((await publishAll("two")).kind, "pending");
    const file = volumes[index]!.live;
    servers[2]!.check = async () => {
      rmSync(file);
      mkdirSync(file);
      return await Promise.resolve(OK);
    };
    await assert.rejects(publishAll("three"), new RegExp(`${file}: .*not a regular file`));
    const others = [...NAMES.keys()].filter((other) => other !== index);
    const stand = new Set(others.map((other) => readFileSync(volumes[other]!.live, "utf8").split(" ")[0]));
    assert.deepEqual([...stand], [index === 0 ? "two" : "one"], "all are of one revision");
    rmSync(file, { recursive: true });
    servers[2]!.check = async () => await Promise.resolve(OK);
    servers[2]!.reloaded = OK;
    assert.equal((await publishAll("one")).kind, "published");
    assert.deepEqual([live(), served()], [all("one"), all("one")]);
  });

  test(`keeps all files while file ${index} cannot be replaced, and publishes when it can`, async () => {
    await publishAll("one");
    const file = volumes[index]!.live;
    servers[2]!.check = async () => {
      rmSync(file);
      mkdirSync(file);
      return await Promise.resolve(OK);
    };
    await assert.rejects(publishAll("two"), new RegExp(`${file}: .*not a regular file`));
    const others = [...NAMES.keys()].filter((other) => other !== index);
    for (const other of others) assert.equal(readFileSync(volumes[other]!.live, "utf8"), all("one")[other]);
    assert.deepEqual(served(), all("one"));
    rmSync(file, { recursive: true });
    servers[2]!.check = async () => await Promise.resolve(OK);
    assert.equal((await publishAll("two")).kind, "published");
    assert.deepEqual([live(), served()], [all("two"), all("two")]);
  });
}

test(
  "a full disk or a volume that cannot be written below one of them keeps all as they were, and it is done when that ends",
  { skip: requires("root") },
  async () => {
    const place = join(directory, "b");
    rmSync(place, { recursive: true });
    mkdirSync(place);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place]);
    try {
      await publishAll("one");
      writeFileSync(join(place, "ballast"), "x".repeat(40_000));
      const long = "two".repeat(10_000);
      await assert.rejects(publishAll(long), /b\/\.sallyport\/candidate\/file: ENOSPC/);
      assert.deepEqual([live(), served()], [all("one"), all("one")]);
      rmSync(join(place, "ballast"));
      execFileSync("mount", ["-o", "remount,ro", place]);
      await assert.rejects(publishAll("two"), /b\/\.sallyport\/candidate\/file: EROFS/);
      assert.deepEqual([live(), served()], [all("one"), all("one")]);
      execFileSync("mount", ["-o", "remount,rw", place]);
      assert.equal((await publishAll("two")).kind, "published");
      assert.deepEqual([live(), served()], [all("two"), all("two")]);
    } finally {
      execFileSync("umount", [place]);
    }
  },
);

test("after a crash at any step, and another during recovery, all files are of one revision", async () => {
  const LAST = 24;
  for (let step = 1, isOver = false; !isOver; step++) {
    for (let restart = 1; restart <= LAST; restart += 5) {
      rmSync(directory, { recursive: true });
      open();
      await publishAll("one");
      servers[2]!.reloaded = AWAY;
      await publishAll("two");
      isOver = !(await crashesAt(step, async () => await publishAll("three")));
      open();
      await crashesAt(restart, async () => await recoverTogether(volumes, journal));
      open();
      await recoverTogether(volumes, journal);
      const revisions = new Set(live().map((text) => text.split(" ")[0]));
      assert.equal(revisions.size, 1, `${step}, ${restart}: ${live().join()}`);
      servers[2]!.reloaded = OK;
      assert.equal((await publishAll("one")).kind, "published");
      assert.deepEqual([live(), served()], [all("one"), all("one")]);
    }
  }
});

for (const [title, first] of [
  ["after a publication", "one"],
  ["before there was any", undefined],
] as const) {
  test(`after a crash at any step, ${title}, all files are old or all are new, and none is half confirmed`, async () => {
    const ends = new Set<string>();
    for (let step = 1, isOver = false; !isOver; step++) {
      rmSync(directory, { recursive: true });
      open();
      for (const [index, server] of servers.entries()) server.served = first === undefined ? "" : all(first)[index]!;
      if (first !== undefined) await publishAll(first);
      isOver = !(await crashesAt(step, async () => await publishAll("two")));
      open();
      const ending = await recoverTogether(volumes, journal);
      const found = volumes.map((volume) => volume.readLive()?.bytes.toString() ?? "");
      const isNew = found.join() === all("two").join();
      assert.ok(isNew || found.join() === (first === undefined ? ",," : all(first).join()), `${step}: ${found.join()}`);
      const confirmed = volumes.filter((volume) => volume.readState().confirmed === volume.readLive()?.hash);
      if (isNew) assert.ok(confirmed.length === 0 || confirmed.length === NAMES.length, `${step}: half confirmed`);
      ends.add(`${ending ?? "nothing"} ${isNew ? "new" : "old"}`);
      assert.match((await publishAll("two")).kind, /^(published|unchanged)$/);
      assert.deepEqual(live(), all("two"), `${step}`);
      for (const volume of volumes)
        assert.equal(volume.readLastGood()?.bytes.toString(), readFileSync(volume.live, "utf8"));
      assert.equal(journal.read(), undefined);
    }
    const expected = first === undefined ? ["completed new"] : ["rolled-back old"];
    for (const end of [...expected, "nothing old", "nothing new", "confirmed new"]) assert.ok(ends.has(end), end);
  });
}
