import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { run } from "../../../renderer/targets/run.ts";
import { containerView, inOrder } from "../../../renderer/template/container-view.ts";
import { eventually } from "../../eventually.ts";
import { printed } from "../docker-gen/printing.ts";
import { accept } from "./accept.ts";
import { containersOf, Example } from "./example.ts";
import { blocksOf, rowsOf } from "./page-blocks.ts";

const PAGE = "docs/how-to/migrate-from-docker-pygen.md";
const blocks = blocksOf(PAGE);
const CONTAINERS = containersOf(blocks.find(({ what }) => what === "containers")!);
const VIEWS = inOrder(CONTAINERS.map((container) => ({ agent: "/a.sock", dockerHost: "one", container }))).map(
  containerView,
);

/** The first code span of a cell. */
const code = (cell = ""): string => /^`([\s\S]*?)`/.exec(cell)?.[1] ?? "";

describe("each translated query of Docker-PyGen prints what the page shows", () => {
  const rows = rowsOf(PAGE, "Queries");
  for (const [theirs = "", ours, prints] of rows) {
    test(theirs.replaceAll("\\|", "|"), () => assert.equal(printed(code(ours), VIEWS), code(prints)));
  }
  test("has all queries", () => assert.ok(rows.length >= 30));
});

/** Flags of the two programs, and the fields of templates. */
const FLAGS =
  "template target restart signal interval repeat events swarm-manager workers retries no-ssl-check one-shot docker-address metrics debug manager";
const SEEN =
  "containers services all_containers all_services nodes own_container_id read_config id short_id name image status health labels env networks ports.tcp ports.udp raw";

for (const [heading, names] of [
  ["Options", FLAGS.split(" ").map((name) => `--${name}`)],
  ["What templates see", SEEN.split(" ")],
] as const) {
  test(`${heading}: the page has a row for each, and no other`, () => {
    const cells = rowsOf(PAGE, heading).flatMap(([cell = ""]) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
    );
    const named = cells.map((name) => name.replace(/[ (].*/, ""));
    for (const name of names) assert.ok(named.includes(name), name);
    const more = named.filter((name) => !(names as readonly string[]).includes(name));
    assert.deepEqual(more, heading === "Options" ? [] : [".self", "ip_address"]);
  });
}

const sections = [...new Set(blocks.map(({ section }) => section))].filter((section) =>
  blocks.some((block) => block.section === section && block.what === "renderer.yml"),
);

for (const section of sections) {
  const own = blocks.filter((block) => block.section === section);
  const yaml = own.find(({ what }) => what === "renderer.yml")!.text;
  test(`${section}: prints what the page shows, and its program accepts it`, async (context) => {
    const example = new Example(context, CONTAINERS);
    for (const template of own.filter(({ language }) => language === "handlebars")) example.write(template);
    const shown = own.filter(({ language }) => language === "text");
    assert.ok(shown.length > 0);
    for (const { what, text } of shown) {
      const [how = "", destination = ""] = what.split(" ");
      const made = await example.printed(yaml, destination);
      assert.equal(made.stderr, "");
      if (how === "is") assert.equal(made.text, text);
      else assert.ok(made.text.includes(text.trimEnd()), made.text);
      accept(destination, made.text, example.directory);
    }
  });
}

test("signals a program in the same PID namespace", async (context) => {
  const own = blocks.filter(({ section }) => section === "Signals");
  const example = new Example(context, CONTAINERS);
  const [received, pidFile] = ["received", "web-server.pid"].map((name) => join(example.directory, name));
  const listens = `process.on("SIGHUP", () => require("node:fs").appendFileSync(${JSON.stringify(received)}, "HUP ")); setInterval(() => {}, 1000)`;
  const ready = `require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid))`;
  const program = spawn(process.execPath, ["--eval", `${listens}; ${ready}`], { stdio: "ignore" });
  const stop = new AbortController();
  try {
    await eventually("the program listens", () => existsSync(pidFile!) && readFileSync(pidFile!, "utf8") !== "");
    for (const template of own.filter(({ language }) => language === "handlebars")) example.write(template);
    const yaml = own.find(({ what }) => what === "renderer.yml")!.text;
    const running = run(example.config(yaml), stop.signal, () => undefined);
    await eventually("the signal arrives", () => readFileSync(received!, "utf8").startsWith("HUP"));
    assert.equal(readFileSync(join(example.directory, "list.json"), "utf8"), '["shop-web-1"]\n');
    stop.abort();
    assert.deepEqual((await running).problems, []);
  } finally {
    stop.abort();
    program.kill("SIGKILL");
  }
});
