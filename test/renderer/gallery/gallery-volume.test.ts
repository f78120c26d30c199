import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, linkSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { container } from "../fake-agent.ts";
import { FreshRig } from "../fresh-rig.ts";
import { SHIPPED, mentions as textMentions, targetFor } from "../template/shipped-templates.ts";
import { requires } from "../../requires.ts";
import { unmount } from "../../unmount.ts";

const LABELS = { "prometheus.port": "9100", logs: "true" };

function app(digit: string) {
  const host = `app${digit}.example`;
  const labels = { ...LABELS, "haproxy.host": host, "caddy.host": host, "traefik.host": host };
  const networks = [{ name: "front", ipv4: `10.0.0.${digit.charCodeAt(0)}` }];
  return container(digit, { env: { VIRTUAL_HOST: host }, labels, networks, ports: [{ port: 80, proto: "tcp" }] });
}

/** Time for eight threads to start. */
const START_MS = 60_000;

const warnings: string[] = [];
process.on("warning", ({ message }) => warnings.push(message));

const rig = new FreshRig(["out"], () => (rig.agent.first = [app("a")]));

const templates = SHIPPED.map((shipped) => ({
  ...shipped,
  destination: (): string => join(rig.directory, "out", shipped.name),
}));

/** Runs every shipped template at once, each with its own file in one volume. */
function follow(): void {
  const targets = templates.map((shipped) => ({ ...targetFor(shipped, shipped.destination()), wait: "0ms:0ms" }));
  rig.follow(rig.configOf({ proxy: "host", targets }));
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

const mentions = (path: string, digit: string): boolean => textMentions(textOf(path), digit);

test("a symbolic link in place of a file is replaced or rejected, and its target does not change", async () => {
  const victim = join(rig.directory, "victim");
  writeFileSync(victim, "precious");
  for (const { destination } of templates) symlinkSync(victim, destination());
  follow();
  await eventually("the renderer subscribes to the agent", () => rig.agent.subscriptions > 0, START_MS);
  await eventually("every target reports its state", async () =>
    (await rig.status()).targets.every(({ error, publishedAt }) => error ?? publishedAt),
  );
  assert.equal(readFileSync(victim, "utf8"), "precious");
  for (const { destination } of templates) {
    rmSync(destination(), { force: true });
  }
  rig.agent.change([app("b")]);
  for (const { name, destination } of templates)
    await eventually(`${name} is a file when the link is gone`, () => mentions(destination(), "b"));
  for (const { destination } of templates) assert.ok(lstatSync(destination()).isFile());
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.deepEqual(warnings, [], "Node prints no warning about many targets");
});

test("a hard link keeps the old text: files are replaced, never overwritten", async () => {
  follow();
  for (const { name, destination } of templates) await eventually(name, () => mentions(destination(), "a"), START_MS);
  const before = templates.map(({ destination }) => {
    linkSync(destination(), `${destination()}.second`);
    return textOf(destination());
  });
  rig.agent.change([app("b")]);
  for (const { name, destination } of templates) await eventually(name, () => mentions(destination(), "b"));
  assert.deepEqual(
    templates.map(({ destination }) => textOf(`${destination()}.second`)),
    before,
  );
});

test("a directory or a FIFO in place of a file is reported, and the other files are published", async () => {
  for (const [index, { destination }] of templates.entries()) {
    if (index % 3 === 0) mkdirSync(destination());
    if (index % 3 === 1) execFileSync("mkfifo", [destination()]);
  }
  follow();
  const blocked = templates.filter((_one, index) => index % 3 < 2);
  await eventually("every blocked target reports it", async () => {
    const { targets } = await rig.status();
    const reported = targets.filter(({ error }) => /not a regular file; remove it/.test(error ?? ""));
    return reported.length === blocked.length;
  });
  for (const [index, { name, destination }] of templates.entries())
    if (index % 3 === 2) await eventually(name, () => mentions(destination(), "a"));
  for (const { destination } of blocked) rmSync(destination(), { recursive: true });
  for (const { name, destination } of templates)
    await eventually(`${name} is published when the path is free`, () => mentions(destination(), "a"));
});

test("a reader of a changing file only sees complete files", async () => {
  follow();
  for (const { name, destination } of templates) await eventually(name, () => mentions(destination(), "a"), START_MS);
  const seen = templates.map(() => new Set<string>());
  for (let round = 0; round < 10; round++) {
    const [upserted, removed] = round % 2 === 0 ? [[app("b")], []] : [[], ["b".repeat(64)]];
    rig.agent.change(upserted, removed);
    await eventually("all follow", () => {
      for (const [index, { destination }] of templates.entries()) seen[index]!.add(textOf(destination()));
      return templates.every(({ destination }) => mentions(destination(), "b") === (round % 2 === 0));
    });
  }
  for (const texts of seen) assert.equal(texts.size, 2, [...texts].join("\n--\n"));
});

/** Little more space than the files need. */
const VOLUME = "size=512k";

describe("a separate volume", { skip: requires("root") }, () => {
  const out = (): string => join(rig.directory, "out");
  beforeEach(() => execFileSync("mount", ["-t", "tmpfs", "-o", VOLUME, "tmpfs", out()]));
  afterEach(async () => {
    rig.stop.abort();
    await rig.running;
    await unmount(out());
  });

  /** Sends a change while no file can be written: files do not change, each target reports why, and all follow later. */
  async function survives(damage: () => void, problem: RegExp, repair: () => void): Promise<void> {
    follow();
    for (const { name, destination } of templates) await eventually(name, () => mentions(destination(), "a"), START_MS);
    await eventually("nothing is being written", async () =>
      (await rig.status()).targets.every(({ publishedAt }) => publishedAt !== undefined),
    );
    const before = templates.map(({ destination }) => textOf(destination()));
    damage();
    rig.agent.change([app("b")]);
    await eventually("every target reports the error", async () =>
      (await rig.status()).targets.every(({ error: reported = "" }) => problem.test(reported)),
    );
    assert.deepEqual(
      templates.map(({ destination }) => textOf(destination())),
      before,
    );
    repair();
    for (const { name, destination } of templates)
      await eventually(`${name} follows`, () => mentions(destination(), "b"), 30_000);
  }

  test("that is full loses no file, and every file follows when there is space again", async () => {
    const filler = join(out(), "filler");
    await survives(
      () => void spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]),
      /ENOSPC, the volume is full; make room/,
      () => rmSync(filler),
    );
  });

  test("that is read-only loses no file, and every file follows when it is writable again", async () => {
    await survives(
      () => void execFileSync("mount", ["-o", "remount,ro", out()]),
      /EROFS, the volume is read-only/,
      () => void execFileSync("mount", ["-o", "remount,rw", out()]),
    );
  });
});
