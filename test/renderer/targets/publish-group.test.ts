import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { run, type RunOptions } from "../../../renderer/targets/run.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { askStatus } from "../../../renderer/status/socket.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";

/** A retry by time that is due within the test; the default is half a minute. */
const QUARANTINE_RETRY = { firstMs: 500, capMs: 1_000 };

/** What is published together in one column of the table. */
const GROUPS = [
  { title: "an nginx target alone", files: ["routes"] },
  { title: "a template target alone", files: ["names"] },
  { title: "an nginx and a template target in one transaction", files: ["routes", "names"] },
  { title: "two template targets in one transaction", files: ["names", "others"] },
] as const;

for (const { title, files } of GROUPS) {
  describe(title, () => {
    let directory: string;
    let agent: FakeAgent;
    let stop: AbortController;
    let events: { level: string; event: string; fields: Record<string, unknown> }[];
    let running: Promise<unknown>;
    let generation: number;

    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), "sallyport-group-"));
      for (const file of files) mkdirSync(join(directory, file));
      agent = new FakeAgent(join(directory, "agent.sock"));
      agent.first = [app("a"), app("b")];
      stop = new AbortController();
      events = [];
      running = Promise.resolve();
      generation = 5;
    });
    afterEach(async () => {
      stop.abort();
      await agent.close();
      await running;
      await removeDirectory(directory);
    });

    const fileOf = (name: string): string => join(directory, name, "file.conf");
    const marker = (name: string): string => join(directory, name);

    /** A shell command that fails while `file` holds the word `bad`, unless the file `tolerant` exists. */
    const refusing = (file: string): object => ({
      command: [
        "sh",
        "-c",
        'if ! grep -q z "$2"; then echo "$2" >>"$3"; fi; if [ ! -e "$1" ] && grep -q bad "$2"; then echo "bad word"; exit 1; fi',
        "sh",
        marker("tolerant"),
        file,
        marker("lost"),
      ],
    });

    function start(by: "check" | "reload", options: RunOptions = {}, filler = ""): void {
      const targets = files.map((file) => ({
        destination: fileOf(file),
        wait: "0ms:0ms",
        ...(files.length > 1 && { transaction: "group" }),
        ...(by === "check"
          ? { check: refusing("{candidate}"), reload: "none" }
          : { reload: { exec: refusing(fileOf(file)) } }),
        ...templateOf(file, filler),
      }));
      const config = parseConfig(
        JSON.stringify({
          agents: [{ socket: join(directory, "agent.sock") }],
          proxy: "host",
          statusSocket: join(directory, "status.sock"),
          targets,
        }),
        "test.yml",
      );
      assert.ok(!("problems" in config), JSON.stringify(config));
      const log = (level: string, event: string, fields?: Record<string, unknown>): void =>
        void events.push({ level, event, fields: fields ?? {} });
      running = run(config, stop.signal, log, options);
    }

    /** A template that prints the filler for each unit. */
    function templateOf(file: string, filler: string): object {
      const nginx = join(process.cwd(), "renderer/templates/nginx.conf.hbs");
      const text =
        file === "routes"
          ? readFileSync(nginx, "utf8").replace("{{#eachHost}}", `{{#eachHost}}\n${filler && `# ${filler}`}`)
          : `{{#each containers}}{{name}} {{#if (eq labels.mark 'bad')}}bad{{/if}} ${filler} {{/each}}`;
      writeFileSync(marker(`${file}.hbs`), text);
      return file === "routes"
        ? { template: marker(`${file}.hbs`) }
        : { template: marker(`${file}.hbs`), format: "json" };
    }

    function send(upserted: readonly Container[], removed: readonly string[] = []): void {
      agent.send("snapshot.delta", { base: generation, generation: ++generation, upserted, removed });
    }

    /** The apps in each file of the group. */
    const published = (): string[] =>
      files.map((file) => {
        const text = existsSync(fileOf(file)) ? readFileSync(fileOf(file), "utf8") : "";
        const found = file === "routes" ? text.matchAll(/server_name (\w+)\.example;/g) : text.matchAll(/"(\w+)"/g);
        return [...found].map(([, name]) => name).join(" ");
      });
    const everywhere = (apps: string): boolean => published().every((list) => list === apps);
    const quarantined = async (): Promise<string[]> => {
      const { quarantined: list } = await askStatus(join(directory, "status.sock"));
      return list.map(({ name, code }) => `${name.replace(".example", "")} ${code}`);
    };
    const quarantineEvents = () => events.filter(({ event }) => event.endsWith(".quarantined"));

    test("keeps every live unit and quarantines new ones that make the file too large", async () => {
      const filler = "x".repeat(220_000);
      const numbers = (from: number, to: number): string[] =>
        Array.from({ length: to - from }, (_, index) => `app${from + index}`);
      const first = numbers(100, 160);
      agent.first = first.map((name) => app(name));
      start("check", {}, filler);
      await eventually("the first apps are published", () => everywhere(first.join(" ")));
      send(numbers(200, 230).map((name) => app(name)));
      await eventually("some apps are quarantined", async () => (await quarantined()).length > 0);
      for (const list of published()) assert.ok(list.startsWith(first.join(" ")), list);
      const [one] = (await askStatus(join(directory, "status.sock"))).quarantined;
      assert.match(one?.reason ?? "", /renders more than 16777216 (bytes|characters)/);
    });

    for (const by of ["check", "reload"] as const) {
      test(`quarantines only the unit that the ${by} rejects and publishes all others`, async () => {
        start(by);
        await eventually("both apps are published", () => everywhere("a b"));
        send([app("c"), app("d"), app("bad")]);
        await eventually("the other apps are published", () => everywhere("a b c d"));
        await eventually("status lists the app", async () => (await quarantined()).join() === `bad ${by}.rejected`);
        send([app("e")]);
        await eventually("a later change is published", () => everywhere("a b c d e"));
        assert.deepEqual(await quarantined(), [`bad ${by}.rejected`]);
        const logged = quarantineEvents();
        assert.deepEqual(
          logged.map(({ level, event }) => `${level} ${event}`),
          ["warn container.quarantined"],
        );
        assert.match(JSON.stringify(logged[0]!.fields), /bad word|sh exited with 1/);
        send([], [idOf("bad")]);
        await eventually("nothing is quarantined when the app is gone", async () => (await quarantined()).length === 0);
      });

      test(`keeps the live file and quarantines nothing while the ${by} rejects every unit`, async () => {
        start(by);
        await eventually("both apps are published", () => everywhere("a b"));
        send([app("bad"), app("worsebad")], [idOf("a"), idOf("b")]);
        await eventually("the rejection is logged", () => events.some(({ event }) => event === "publish.rejected"));
        assert.deepEqual(await quarantined(), []);
        assert.ok(everywhere("a b"), published().join());
        send([app("c")], [idOf("bad"), idOf("worsebad")]);
        await eventually("the next good change is published", () => everywhere("c"));
      });

      test(`keeps the live file when the ${by} rejects the remaining unit after another one`, async () => {
        start(by);
        await eventually("both apps are published", () => everywhere("a b"));
        send([app("a", "bad")]);
        await eventually("the other app is published", () => everywhere("b"));
        send([app("b", "bad")]);
        await eventually("the rejection is logged", () => events.some(({ event }) => event === "publish.rejected"));
        assert.ok(everywhere("b"), published().join());
        send([app("b")]);
        await eventually("the app is published again", () => everywhere("b"));
      });

      test(`keeps the live file when the ${by} rejects its only unit`, async () => {
        agent.first = [app("a")];
        start(by);
        await eventually("the app is published", () => everywhere("a"));
        send([app("a", "bad")]);
        await eventually("the rejection is logged", () => events.some(({ event }) => event === "publish.rejected"));
        assert.ok(everywhere("a"), published().join());
      });

      test(`retries a unit that the ${by} rejected although no container changes`, async () => {
        start(by, { quarantineRetry: QUARANTINE_RETRY });
        await eventually("both apps are published", () => everywhere("a b"));
        send([app("bad"), app("c")]);
        await eventually("the other apps are published", () => everywhere("a b c"));
        writeFileSync(marker("tolerant"), "");
        await eventually("the app is published", () => everywhere("a b bad c"));
        await eventually("nothing is quarantined", async () => (await quarantined()).length === 0);
        assert.equal(quarantineEvents().length, 1);
        rmSync(marker("tolerant"));
      });

      test(`keeps every live unit after a restart although the ${by} rejects more units than one bisection finds`, async () => {
        const bad = Array.from({ length: 40 }, (_, index) => app(`bad${index}`, "bad"));
        agent.first = [app("a"), app("z")];
        start(by);
        await eventually("both apps are published", () => everywhere("a z"));
        send(bad);
        await eventually("the other apps are quarantined", async () => (await quarantined()).length === bad.length);
        stop.abort();
        await running;

        agent.first = [...agent.first, ...bad];
        generation = 5;
        stop = new AbortController();
        writeFileSync(marker("lost"), "");
        start(by);
        await eventually(
          "the other apps are quarantined again",
          async () => (await quarantined()).length === bad.length,
        );
        assert.ok(everywhere("a z"), published().join());
        assert.equal(readFileSync(marker("lost"), "utf8"), "");
      });
    }
  });
}

/** A container of this name; each name has an id of its own. The files contain its mark, too. */
function app(name: string, mark = "good"): Container {
  return container("a", {
    labels: { mark },
    id: idOf(name),
    name,
    env: { VIRTUAL_HOST: `${name}.example`, ...(mark === "bad" && { VIRTUAL_PATH: "/bad" }) },
    networks: [{ name: "front", ipv4: "10.0.0.9" }],
    ports: [{ port: 80, proto: "tcp" }],
  });
}

function idOf(name: string): string {
  return Buffer.from(name).toString("hex").padStart(64, "0");
}
