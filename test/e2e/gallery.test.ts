import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { CADDY, HAPROXY, NGINX } from "./programs.ts";
import { ProgramRig } from "./program-rig.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

const GOOD = "good.example";

/** Names that would answer for every client, or end the program, if they were not escaped. */
const HOSTILE = [
  "evil.example } if TRUE\n  http-request deny\n",
  "evil.example {\n\trespond 500\n}\ngood.example",
  "evil.example; } server { listen 1; return 500; } #",
  "(x)",
  "%[env(HOME)]",
  "{env.HOME}",
  ":80, http://",
  "'\"`\\",
];

// Mounting a volume takes root.
const skip = requires("root", "haproxy", "caddy", "nginx", "socat");

for (const program of [HAPROXY, CADDY, NGINX]) {
  describe(`${program.name} behind agent and renderer`, { skip }, () => {
    const rig = new ProgramRig(program);
    before(async () => {
      await rig.start();
      await rig.runApp("good");
      await rig.answers("good");
    });
    after(async () => await rig.close());

    /** Asserts that the good host answers every request during `action`. */
    async function undisturbed(action: () => Promise<void>): Promise<void> {
      const traffic = new Traffic(rig.at, [GOOD], { text: "app: good\n", mayReset: program === CADDY });
      try {
        await action();
      } finally {
        const failures = await traffic.end();
        assert.deepEqual(failures, [], [...failures.slice(0, 5), rig.output()].join("\n"));
        assert.ok(traffic.requests > 0);
      }
    }

    test("quarantines each container with hostile values once and keeps answering for the others", async () => {
      const hostile = HOSTILE.map((host, index) => [`hostile${index}`, host] as const);
      await undisturbed(async () => {
        for (const [name, host] of hostile) await rig.runApp(name, host);
        await rig.runApp("late");
        await rig.answers("late");
        const names = hostile.map(([name]) => name);
        const areQuarantined = async () => assert.deepEqual((await rig.quarantined()).toSorted(), names) ?? true;
        await eventually("they are quarantined", areQuarantined).catch((error: Error) =>
          assert.fail(`${String(error.cause)}\n${rig.output()}`),
        );
        for (const name of names)
          assert.equal(rig.quarantineLines(name).length, 1, rig.quarantineLines(name).join("\n"));
        for (const name of [...names, "late"]) await rig.removeApp(name);
        await eventually("none is quarantined any more", async () => (await rig.quarantined()).length === 0);
        await eventually("the removed container has no route", async () => !(await rig.isAnswered("late")));
        await rig.answers("good");
      });
    });

    test("keeps the last good file on a full volume and publishes when there is space", async () => {
      const filler = join(rig.volume, "filler");
      await undisturbed(async () => {
        await rig.settled(1);
        spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]);
        await rig.runApp("second");
        await rig.reportsError(/ENOSPC, the volume is full; make room/);
        assert.equal(await rig.isAnswered("second"), false);
        rmSync(filler);
        await rig.answers("second");
      });
    });

    test("keeps the last good file on a read-only volume and publishes when it is writable", async () => {
      await undisturbed(async () => {
        execFileSync("mount", ["-o", "remount,ro", rig.volume]);
        await rig.runApp("third");
        await rig.reportsError(/EROFS, the volume is read-only/);
        assert.equal(await rig.isAnswered("third"), false);
        execFileSync("mount", ["-o", "remount,rw", rig.volume]);
        await rig.answers("third");
      });
    });

    test("reloads after a restart when the renderer was killed between writing and reloading", async () => {
      const [block, blocked] = [join(rig.directory, "block"), join(rig.directory, "blocked")];
      await undisturbed(async () => {
        writeFileSync(block, "");
        await rig.runApp("fourth");
        await eventually("the file is written and the reload has started", () => existsSync(blocked));
        await rig.killRenderer();
        rmSync(block);
        assert.equal(await rig.isAnswered("fourth"), false);
        await rig.startRenderer();
        await rig.answers("fourth");
      });
    });
  });
}
