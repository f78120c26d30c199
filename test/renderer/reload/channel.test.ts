import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { nginxVersion } from "../../demo/local-nginx.ts";
import { ownContainer } from "../../../renderer/inventory/own-container.ts";
import { ReloadChannel } from "../../../renderer/reload/channel.ts";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { unmount } from "../../unmount.ts";
import { runReloadLoop } from "./reload-loop.ts";
import { Rig } from "./rig.ts";

/** The user ids of nginx and of the renderer. */
const [NGINX, RENDERER] = [101, 65_533];

describe("the scratch directory of the reload script", { skip: requires("nginx", "root") }, () => {
  let rig: Rig;
  let loop: BackgroundProcess;
  before(async () => {
    rig = await Rig.start(undefined);
    chmodSync(rig.scratch, 0o1777);
    execFileSync("chmod", ["0755", rig.directory]);
    execFileSync("chown", ["-R", String(NGINX), rig.configs.directory]);
    loop = runReloadLoop(rig.configs, rig.channel, "dash", { uid: NGINX, gid: NGINX });
    await eventually("the script listens", async () => (await check()).kind !== "unavailable");
  });
  after(async () => {
    await loop.stop();
    await rig.close();
  });

  const check = async () => await new ReloadChannel(rig.channel).check("", true);

  test("another user's file does not become the tested configuration", async () => {
    const planted = join(rig.scratch, ".sallyport-test.conf");
    writeFileSync(planted, "load_module /planted.so; events {} http {}\n", { mode: 0o644 });
    execFileSync("chown", [String(RENDERER), planted]);
    rig.stage(rig.configuration("second"));
    assert.deepEqual(await check(), { kind: "ok" });
    const left = (): string => readdirSync(rig.scratch).join();
    await eventually("the script leaves nothing behind", () => left() === ".sallyport-test.conf");
  });

  test("nginx's message names the main configuration instead of the tested copy", async () => {
    rig.stage("listen none;\n");
    const result = await check();
    assert.equal(result.kind, "rejected");
    assert.ok(
      result.kind === "rejected" && result.message.includes(`configuration file ${rig.configs.live} test failed`),
    );
  });

  for (const [what, options] of [
    ["is full", "size=4k"],
    ["has no free inode", "nr_inodes=1"],
  ] as const) {
    test(`a candidate is rejected if the directory ${what}`, async () => {
      execFileSync("mount", ["-t", "tmpfs", "-o", `mode=1777,${options}`, "tmpfs", rig.scratch]);
      spawnSync("sh", ["-c", `head -c 1M /dev/zero >${rig.scratch}/filled`]);
      rig.stage(rig.configuration("third"));
      const result = await check();
      await unmount(rig.scratch);
      assert.match(result.kind === "rejected" ? result.message : result.kind, /No space left on device/);
    });
  }
});

describe("the reload channel's requests", () => {
  test("of several targets each get their answer", { skip: requires("bash") }, async () => {
    // Answers at once what arrives within half a second.
    const channel = new FakeChannel(`
      while read -r verb token <&3; do
        read -r -t 0.5 verb2 token2 <&3 && { answer "$token $verb ok"; token=$token2 verb=$verb2; }
        answer "$token $verb ok"
      done`);
    try {
      await channel.listens();
      const results = await Promise.all(
        [1, 2, 3].map(async () => await new ReloadChannel(channel.directory, 5_000).reload()),
      );
      assert.deepEqual(
        results,
        [1, 2, 3].map(() => ({ kind: "ok" })),
      );
    } finally {
      await channel.close();
    }
  });

  test("get an answer for which the file system delivered no event", { skip: requires("bash") }, async () => {
    const channel = new FakeChannel('while read -r verb token <&3; do answer "$token $verb ok"; done');
    try {
      await channel.listens();
      const request = new ReloadChannel(channel.directory, 1_000).reload();
      // The renderer watches the directory under its old name.
      channel.replace();
      assert.deepEqual(await request, { kind: "ok" });
    } finally {
      await channel.close();
    }
  });
});

describe("the id of nginx's container", () => {
  const ID = "0123456789ab".repeat(6).slice(0, 64);
  for (const [what, text, expected] of [
    ["its id", `11111111-2222-3333-4444-555555555555 ok ${ID} 1.26.3\n`, ID],
    ["the start of its id", `11111111-2222-3333-4444-555555555555 starting ${ID.slice(0, 12)} -\n`, ID.slice(0, 12)],
    ["no id", "11111111-2222-3333-4444-555555555555 ok - 1.26.3\n", undefined],
    ["another text", "11111111-2222-3333-4444-555555555555 ok shop; } -\n", undefined],
    ["nothing", "", undefined],
  ] as const) {
    test(`is ${expected ?? "unknown"} if nginx reports ${what}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "sallyport-channel-"));
      writeFileSync(join(directory, "ready"), text);
      assert.equal(new ReloadChannel(directory).container, expected);
      await removeDirectory(directory);
    });
  }

  test("is reported by the reload script before nginx runs", { skip: requires("nginx") }, async () => {
    const rig = await Rig.start(undefined);
    await rig.end();
    rig.beginLoop("dash");
    try {
      const reported = await eventually(
        "the script is ready",
        () => /^[0-9a-f-]{36} starting (\S+) \S+\n/.exec(rig.readyFile)?.[1],
      );
      assert.equal(reported, ownContainer() ?? "-");
      assert.equal(new ReloadChannel(rig.channel).container, ownContainer());
      assert.equal(`nginx/${new ReloadChannel(rig.channel).version}`, nginxVersion());
    } finally {
      await rig.close();
    }
  });
});

/** A process that serves the channel with a bash script: requests are read from descriptor 3. */
class FakeChannel {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-channel-"));
  readonly #process: BackgroundProcess;

  constructor(loop: string) {
    const answer = 'answer() { printf "%s\\n" "$1" >.answer; mv -f .answer "$DIRECTORY/answer"; }';
    execFileSync("mkfifo", [join(this.directory, "word")]);
    this.#process = new BackgroundProcess("channel", "bash", ["-c", `${answer}; exec 3<>word; : >listens; ${loop}`], {
      cwd: this.directory,
      env: { ...process.env, DIRECTORY: this.directory },
    });
  }

  async listens(): Promise<void> {
    await eventually("the channel is open", () => readdirSync(this.directory).includes("listens"));
  }

  /** Moves the directory away and creates one with the same FIFO in its place. */
  replace(): void {
    renameSync(this.directory, `${this.directory}-old`);
    mkdirSync(this.directory);
    renameSync(join(`${this.directory}-old`, "word"), join(this.directory, "word"));
  }

  async close(): Promise<void> {
    await this.#process.stop();
    await removeDirectory(this.directory);
    await removeDirectory(`${this.directory}-old`);
  }
}
