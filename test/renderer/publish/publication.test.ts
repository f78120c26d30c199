import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fc } from "../../property.ts";
import { dueAt } from "../../../renderer/publish/debounce.ts";
import { RenderedFile } from "../../../renderer/publish/rendered-file.ts";
import { publish as publishTogether } from "../../../renderer/publish/publication.ts";
import { Reconciler } from "../../../renderer/publish/reconciler.ts";
import { WriteError } from "../../../renderer/disk/safe-write.ts";
import type { ServerControl, ControlResult } from "../../../renderer/publish/server-control.ts";
import { Volume } from "../../../renderer/publish/volume.ts";
import { eventually } from "../../eventually.ts";
import { FileReader } from "./file-reader.ts";
import { AWAY, OK, REFUSED, revisionsOf, ScriptedServer } from "./scripted-server.ts";
import { requires } from "../../requires.ts";

const printed = (text: string): RenderedFile => new RenderedFile(Buffer.from(text));

/** One text into one file. */
const publish = async (wanted: RenderedFile, volume: Volume, server: ServerControl) =>
  await publishTogether([{ wanted, volume, server, reload: "its server" }]);

describe("publication", () => {
  let directory: string;
  let volume: Volume;
  let server: ScriptedServer;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-publish-"));
    volume = new Volume(join(directory, "default.conf"));
    server = new ScriptedServer(volume.live);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const live = (): string => readFileSync(volume.live, "utf8");

  test("publishes a file once, and does nothing the second time", async () => {
    assert.equal((await publish(printed("one"), volume, server)).kind, "published");
    assert.equal(server.served, "one");
    server.reloaded = REFUSED;
    assert.equal((await publish(printed("one"), volume, server)).kind, "unchanged");
  });

  test("never makes a file live that the check rejects", async () => {
    await publish(printed("good"), volume, server);
    server.checked = REFUSED;
    assert.deepEqual((await publish(printed("bad"), volume, server)).kind, "rejected");
    assert.equal(live(), "good");
  });

  test("moves a rejected file to rejected/, where no other target's check reads it", async () => {
    server.checked = REFUSED;
    await publish(printed("bad"), volume, server);
    assert.equal(readFileSync(join(directory, ".sallyport", "rejected", "default.conf"), "utf8"), "bad");
    assert.equal(existsSync(volume.candidate), false);
  });

  test("restores a live file that another process overwrote", async () => {
    await publish(printed("good"), volume, server);
    writeFileSync(volume.live, "evil");
    assert.equal((await publish(printed("good"), volume, server)).kind, "published");
    assert.equal(live(), "good");
  });

  test("detects that another process overwrote the live file during the swap", async () => {
    await volume.stage(printed("good"));
    const placing = volume.promote(printed("good"));
    await eventually("the file is live", () => existsSync(volume.live) && live() === "good");
    writeFileSync(volume.live, "evil");
    await placing;
    assert.equal(volume.readLive()?.bytes.toString(), "evil");
    const again = volume.writeLive(printed("good"));
    await eventually("the file is rendered", () => live() === "good");
    writeFileSync(volume.live, "evil");
    await again;
    assert.equal(volume.readLive()?.bytes.toString(), "evil");
  });

  test("does not use a last good file that another process overwrote", async () => {
    await publish(printed("good"), volume, server);
    writeFileSync(volume.live, "evil");
    const later = new Volume(volume.live);
    assert.equal(later.readLastGood(), undefined);
  });

  test("keeps the last good file when the process is killed after a bad file became live", async () => {
    await publish(printed("good"), volume, server);
    server.reload = async () => await Promise.reject(new Error("killed"));
    await assert.rejects(publish(printed("bad"), volume, server));
    assert.equal(live(), "bad");
    assert.equal(new Volume(volume.live).readLastGood()?.bytes.toString(), "good");
  });

  test("returns to the last good file when the reload rejects the new one", async () => {
    await publish(printed("good"), volume, server);
    server.reloaded = REFUSED;
    assert.equal((await publish(printed("bad"), volume, server)).kind, "rejected");
    assert.equal(live(), "good");
    server.reloaded = OK;
    assert.equal((await publish(printed("better"), volume, server)).kind, "published");
    assert.equal(live(), "better");
  });

  test("reloads even the last good file after a rejected reload", async () => {
    await publish(printed("good"), volume, server);
    server.reloaded = REFUSED;
    await publish(printed("late"), volume, server);
    server.served = "late";
    server.reloaded = OK;
    assert.equal((await publish(printed("good"), volume, server)).kind, "published");
    assert.equal(server.served, "good");
  });

  test("replaces files of a killed process, readable for the server whatever the umask", async () => {
    const staging = join(directory, ".sallyport", "candidate");
    mkdirSync(staging, { recursive: true });
    writeFileSync(join(staging, ".default.conf.new"), "half");
    writeFileSync(join(staging, "default.conf"), "rejected");
    const umask = process.umask(0o077);
    try {
      await publish(printed("whole"), volume, server);
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(readdirSync(directory).toSorted(), [".sallyport", "default.conf"]);
    assert.deepEqual(readdirSync(staging), []);
    assert.equal(statSync(volume.live).mode & 0o777, 0o644);
  });

  test("does not keep an unchecked file for a server that became unreachable", async () => {
    await publish(printed("good"), volume, server);
    server.checked = { kind: "unchecked" };
    server.reloaded = AWAY;
    assert.deepEqual(await publish(printed("unknown"), volume, server), {
      kind: "pending",
      message: "away",
      isLive: false,
    });
    assert.equal(live(), "good");
  });

  test("keeps a checked file pending when the reload fails, and a later process finishes it", async () => {
    await publish(printed("old"), volume, server);
    server.reloaded = AWAY;
    assert.equal((await publish(printed("new"), volume, server)).kind, "pending");
    assert.equal(live(), "new");
    const later = new Volume(volume.live);
    server.reloaded = OK;
    assert.equal((await publish(printed("new"), later, server)).kind, "published");
    assert.equal(server.served, "new");
  });

  test("refuses a symbolic link at the destination and leaves its target unchanged", async () => {
    const victim = join(directory, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, join(directory, "other.conf"));
    const planted = new Volume(join(directory, "other.conf"));
    await assert.rejects(publish(printed("text"), planted, server), WriteError);
    assert.equal(readFileSync(victim, "utf8"), "precious");
  });

  test("reports a directory or a FIFO at the destination without blocking", async () => {
    mkdirSync(join(directory, "dir.conf"));
    await assert.rejects(
      publish(printed("text"), new Volume(join(directory, "dir.conf")), server),
      /dir\.conf.*not a regular file/,
    );
    execFileSync("mkfifo", [join(directory, "fifo.conf")]);
    await assert.rejects(
      publish(printed("text"), new Volume(join(directory, "fifo.conf")), server),
      /fifo\.conf.*not a regular file/,
    );
  });

  test(
    "a full disk changes nothing, is named with its fix, and leaves no rest",
    { skip: requires("root") },
    async () => {
      const small = join(directory, "small");
      mkdirSync(small);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
      try {
        const full = new Volume(join(small, "default.conf"));
        const itsServer = new ScriptedServer(full.live);
        await publish(printed("good"), full, itsServer);
        await assert.rejects(publish(printed("x".repeat(200_000)), full, itsServer), /ENOSPC.*make room/);
        assert.equal(readFileSync(full.live, "utf8"), "good");
        const rests = readdirSync(small, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".new"));
        assert.deepEqual(rests, []);
      } finally {
        execFileSync("umount", [small]);
      }
    },
  );

  test("a reader in another thread sees either the old or the new file, never a part of one", async () => {
    const texts = ["a", "b"].map((letter) => letter.repeat(300_000));
    await publish(printed(texts[0]!), volume, server);
    const reader = new FileReader(volume.live, texts);
    // Until the reader has seen the file change often, however slow the machine is.
    for (let round = 1; reader.changes() < 20; round++) await publish(printed(texts[round % 2]!), volume, server);
    assert.equal(await reader.stop(), undefined);
  });

  describe("the reconciler", () => {
    let wanted: string;
    let reconciler: Reconciler;
    const log: string[] = [];
    beforeEach(() => {
      wanted = "one";
      log.length = 0;
      reconciler = make();
      server.onReady(() => undefined);
    });
    afterEach(async () => await reconciler.stop());

    function make(): Reconciler {
      return new Reconciler({
        destinations: [{ volume, server, reload: "its server" }],
        wait: { minMs: 1, maxMs: 10 },
        log: (_level, event, fields) => log.push(`${event} ${String(fields?.["error"] ?? "")}`),
        source: revisionsOf(() =>
          wanted === "blocked" ? { kind: "blocked", reason: "no container has the label" } : wanted,
        ),
      });
    }

    test("writes an initial file only if there is none", async () => {
      wanted = "neutral";
      await reconciler.prepare();
      assert.equal(live(), "neutral");
      wanted = "other";
      await reconciler.prepare();
      assert.equal(live(), "neutral");
    });

    test("restores the live generation at start", async () => {
      reconciler.changed();
      await eventually("the first file is served", () => reconciler.states[0]?.generation === 1);
      const again = make();
      await again.prepare();
      assert.equal(again.states[0]?.generation, 1);
    });

    test("retries until the server is back", async () => {
      server.checked = AWAY;
      reconciler.changed();
      await eventually("the file is pending", () => reconciler.states[0]?.pending);
      assert.equal(existsSync(volume.live), false);
      server.checked = OK;
      await eventually("the file is served", () => server.served === "one" && !reconciler.states[0]?.pending);
    });

    test("logs a rejection once, keeps the live file and recovers with the next change", async () => {
      reconciler.changed();
      await eventually("the first file is served", () => server.served === "one");
      server.checked = REFUSED;
      wanted = "bad";
      reconciler.changed();
      await eventually("the file is rejected", () => reconciler.states[0]?.error === "no");
      reconciler.changed();
      server.checked = OK;
      wanted = "two";
      reconciler.changed();
      await eventually(
        "the second file is served",
        () => server.served === "two" && reconciler.states[0]?.error === undefined,
      );
      assert.equal(log.filter((line) => line.startsWith("publish.rejected")).length, 1);
    });

    test("retries a rejected file by time", async () => {
      server.checked = REFUSED;
      reconciler.changed();
      await eventually("the file is rejected", () => reconciler.states[0]?.error === "no");
      server.checked = OK;
      await eventually("the file is served", () => server.served === "one" && !reconciler.states[0]?.pending);
      assert.equal(log.filter((line) => line.startsWith("publish.rejected")).length, 1);
    });

    test("stops at once while a server has not answered yet", async () => {
      let answer: ((result: ControlResult) => void) | undefined;
      server.reload = async () => await new Promise<ControlResult>((resolve) => (answer = resolve));
      reconciler.changed();
      await eventually("the server is asked", () => answer !== undefined);
      await reconciler.stop();
      assert.equal(live(), "one");
      answer?.(AWAY);
    });

    test("publishes after a failed preparation as soon as the volume can be written", async () => {
      writeFileSync(join(directory, ".sallyport"), "a file in place of the directory");
      await reconciler.prepare();
      assert.match(reconciler.states[0]?.error ?? "", /ENOTDIR/);
      rmSync(join(directory, ".sallyport"));
      await eventually("the initial file is written", () => existsSync(volume.live));
      reconciler.changed();
      await eventually("the file is served", () => server.served === "one");
    });

    test("reloads a server that is due for it as soon as the server is back", async () => {
      const destination = { volume, server, reload: "its server" };
      const due = new Reconciler({
        destinations: [destination],
        wait: { minMs: 1, maxMs: 10 },
        log: () => undefined,
        source: revisionsOf(() => wanted),
      });
      due.changed();
      await eventually("the file is served", () => server.served === "one");
      server.served = "";
      server.reloaded = AWAY;
      due.reload(destination);
      await eventually("the reload fails", () => due.states[0]?.error === "away");
      server.reloaded = OK;
      await eventually("the server is reloaded", () => server.served === "one");
      await due.stop();
    });

    test("makes no file live when it stops while the file is rendered", async () => {
      let render: (text: string) => void = () => undefined;
      const rendered = new Promise<string>((resolve) => (render = resolve));
      let isRendering = false;
      const revisions = revisionsOf(() => wanted);
      const slow = new Reconciler({
        destinations: [{ volume, server, reload: "its server" }],
        wait: { minMs: 1, maxMs: 10 },
        log: () => undefined,
        source: {
          ...revisions,
          next: async () => {
            isRendering = true;
            await rendered;
            return await revisions.next();
          },
        },
      });
      slow.changed();
      await eventually("the file is rendered", () => isRendering);
      const stopped = slow.stop();
      render("one");
      await stopped;
      await slow.drained();
      assert.equal(existsSync(volume.live), false);
    });

    test("publishes nothing while the source is blocked", async () => {
      reconciler.changed();
      await eventually("the first file is served", () => server.served === "one");
      wanted = "blocked";
      reconciler.changed();
      await eventually("the reason is reported", () => reconciler.states[0]?.error === "no container has the label");
      assert.equal(live(), "one");
    });
  });
});

test("publishes a first change at once, and a burst when it is over or at the limit", () => {
  const time = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(
      time,
      fc.nat(1_000),
      fc.nat(1_000),
      fc.nat(5_000),
      fc.nat(5_000),
      (lastPass, minMs, more, sincePass, burst) => {
        const wait = { minMs, maxMs: minMs + more };
        const first = lastPass + sincePass;
        const due = dueAt(wait, lastPass, first, first + burst);
        assert.ok(due <= first + wait.maxMs && due >= first);
        if (burst === 0 && sincePass >= minMs) assert.equal(due, first);
      },
    ),
  );
});
