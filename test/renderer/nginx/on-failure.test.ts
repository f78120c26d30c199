import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

describe("`onFailure: keep` for an nginx target", { skip }, () => {
  const rig = new NginxRig();
  const vhosts = join(rig.directory, "vhosts");

  before(async () => {
    mkdirSync(vhosts);
    const good = await rig.app("good", { VIRTUAL_HOST: "good.example" });
    await rig.start({ onFailure: "keep", nginx: { files: { vhosts } } }, [good]);
  });
  after(async () => await rig.close());

  test("keeps the live file, without new hosts, while nginx rejects one of them", async () => {
    writeFileSync(join(vhosts, "late.example"), "nonsense;\n");
    rig.refresh();
    rig.update([
      await rig.app("late", { VIRTUAL_HOST: "late.example" }),
      await rig.app("next", { VIRTUAL_HOST: "next.example" }),
    ]);
    await eventually("it is reported", () =>
      rig.logged.some(({ event, error }) => event === "publish.rejected" && /nonsense/.test(String(error))),
    );
    assert.equal((await rig.echo({ host: "good.example" }))?.app, "good");
    assert.equal((await rig.ask({ host: "next.example" })).status, 503);
    assert.deepEqual((await rig.status()).quarantined, []);
    rmSync(join(vhosts, "late.example"));
    for (const app of ["late", "next"])
      await eventually("both are served", async () => (await rig.echo({ host: `${app}.example` }))?.app === app);
  });
});
