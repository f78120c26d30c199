import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Journal } from "../../../renderer/publish/journal.ts";
import { RenderedFile } from "../../../renderer/publish/rendered-file.ts";
import { publish } from "../../../renderer/publish/publication.ts";
import { Volume } from "../../../renderer/publish/volume.ts";
import { ReloadChannel } from "../../../renderer/reload/channel.ts";
import { eventually } from "../../eventually.ts";
import { Rig } from "./rig.ts";
import { requires } from "../../requires.ts";

describe("two files of one nginx", { skip: requires("nginx") }, () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start("dash");
    const control = new ReloadChannel(rig.channel);
    await eventually("the reload script listens", async () => (await control.check("", true)).kind !== "unavailable");
    rmSync(dirname(rig.candidate), { recursive: true });
  });
  after(async () => await rig.close());

  /** A map in one file, and in the other a server that answers with it. */
  async function publishBoth(map: string, server: string) {
    const directory = dirname(rig.live);
    const texts = [
      ["default.conf", rig.configuration(server)],
      ["map.conf", map],
    ] as const;
    const parts = texts.map(([name, text]) => ({
      volume: new Volume(join(directory, name)),
      server: new ReloadChannel(rig.channel),
      reload: "its channel",
      wanted: new RenderedFile(Buffer.from(text)),
    }));
    return await publish(parts, new Journal(join(directory, ".sallyport", "both.transaction.json")));
  }

  test("are checked together, so that one may use what is new in the other", async () => {
    const published = await publishBoth('map $host $word { default "second"; }\n', "$word");
    assert.deepEqual(published, { kind: "published", generations: [1, 1] });
    await eventually("the file is served", async () => (await rig.answer()) === "second");
    assert.equal((await publishBoth('map $host $other { default "third"; }\n', "$other")).kind, "published");
    await eventually("the file is served", async () => (await rig.answer()) === "third");
  });

  test("both stay as they were when nginx rejects one of them", async () => {
    const refused = await publishBoth("nonsense;\n", "fourth");
    assert.equal(refused.kind === "rejected" && refused.by, "check");
    assert.match(
      refused.kind === "rejected" ? refused.message : "",
      /^\S+conf\.d\/map\.conf: .*candidate\/map\.conf:1/s,
    );
    assert.equal(await rig.answer(), "third");
    assert.equal((await publishBoth('map $host $other { default "fifth"; }\n', "$other")).kind, "published");
    await eventually("the file is served", async () => (await rig.answer()) === "fifth");
  });
});
