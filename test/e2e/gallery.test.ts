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

/** Each would answer for everybody, or end the program, if it were read as anything but a name. */
const POISONS = [
  "evil.example } if TRUE\n  http-request deny\n",
  "evil.example {\n\trespond 500\n}\ngood.example",
  "evil.example; } server { listen 1; return 500; } #",
  "(x)",
  "%[env(HOME)]",
  "{env.HOME}",
  ":80, http://",
  "'\"`\\",
];

// Root: a volume is mounted.
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

    /** The good host answers every request while `action` happens. */
    async function undisturbed(action: () => Promise<void>): Promise<void> {
      const traffic = new Traffic(rig.at, [GOOD], { text: "app: good\n", mayReset: program === CADDY });
      try {
        await action();
      } finally {
        const failures = await traffic.end();
        assert.deepEqual(failures, [], [...failures.slice(0, 5), rig.lastWords()].join("\n"));
        assert.ok(traffic.requests > 0);
      }
    }

    test("containers with hostile values never change the good host's answers, and each is set aside once", async () => {
      const poisons = POISONS.map((host, index) => [`poison${index}`, host] as const);
      await undisturbed(async () => {
        for (const [name, host] of poisons) await rig.runApp(name, host);
        await rig.runApp("late");
        await rig.answers("late");
        const names = poisons.map(([name]) => name);
        const areAside = async () => assert.deepEqual((await rig.quarantined()).toSorted(), names) ?? true;
        await eventually("they are set aside", areAside).catch((error: Error) =>
          assert.fail(`${String(error.cause)}\n${rig.lastWords()}`),
        );
        for (const name of names) assert.equal(rig.saidAside(name).length, 1, rig.saidAside(name).join("\n"));
        for (const name of [...names, "late"]) await rig.removeApp(name);
        await eventually("they are forgotten", async () => (await rig.quarantined()).length === 0);
        await eventually("the late one is gone", async () => !(await rig.isAnswered("late")));
        await rig.answers("good");
      });
    });

    test("a full volume loses nothing: the last good file is served, and the new one as soon as there is room", async () => {
      const filler = join(rig.volume, "filler");
      await undisturbed(async () => {
        await rig.settled();
        spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]);
        await rig.runApp("second");
        await rig.troubled(/ENOSPC, the volume is full: make room/);
        assert.equal(await rig.isAnswered("second"), false);
        rmSync(filler);
        await rig.answers("second");
      });
    });

    test("a volume that cannot be written to loses nothing, and is used again when it can", async () => {
      await undisturbed(async () => {
        execFileSync("mount", ["-o", "remount,ro", rig.volume]);
        await rig.runApp("third");
        await rig.troubled(/EROFS, the volume is read-only/);
        assert.equal(await rig.isAnswered("third"), false);
        execFileSync("mount", ["-o", "remount,rw", rig.volume]);
        await rig.answers("third");
      });
    });

    test("a renderer killed between writing and reloading reloads when it is back", async () => {
      const [hold, held] = [join(rig.directory, "blocked"), join(rig.directory, "held")];
      await undisturbed(async () => {
        writeFileSync(hold, "");
        await rig.runApp("fourth");
        await eventually("the file is written and the reload asked for", () => existsSync(held));
        await rig.killRenderer();
        rmSync(hold);
        assert.equal(await rig.isAnswered("fourth"), false);
        await rig.startRenderer();
        await rig.answers("fourth");
      });
    });
  });
}
