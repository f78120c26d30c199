import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { composeLabels } from "../../shared/compose-labels.ts";
import { parse } from "yaml";
import { run } from "../../../renderer/targets/run.ts";
import { importCommandLine, importFiles, type Imported } from "../../../renderer/import/docker-gen/import.ts";
import { eventually } from "../../eventually.ts";
import { container } from "../fake-agent.ts";
import { containerView, inOrder } from "../../../renderer/template/container-view.ts";
import { printed } from "../docker-gen/printing.ts";
import { accept } from "./accept.ts";
import { containersOf, Example, WORK } from "./example.ts";
import { type Block, blocksOf, rowsOf } from "./page-blocks.ts";

const PAGE = "docs/how-to/migrate-from-docker-gen.md";
const blocks = blocksOf(PAGE);
const CONTAINERS = containersOf(blocks.find(({ what }) => what === "containers")!);

const VIEWS = inOrder(CONTAINERS.map((container) => ({ agent: "/a.sock", dockerHost: "one", container }))).map(
  containerView,
);

describe("each Handlebars template prints what the page shows", () => {
  const rows = rowsOf(PAGE, "Go templates and Handlebars").filter(([, , prints]) => prints !== undefined);
  for (const [go = "", handlebars = "", prints = ""] of rows) {
    test(go.replaceAll("\\|", "|"), () => assert.equal(printed(handlebars.slice(1, -1), VIEWS), prints.slice(1, -1)));
  }
  test("has rows", () => assert.ok(rows.length > 20));
});

/** A command line or a file of docker-gen, and what follows on the page until the next. */
interface Migration {
  readonly dockerGen: Block;
  readonly yaml: string;
  readonly templates: readonly Block[];
  readonly prints: readonly Block[];
}

const isDockerGen = ({ language, what }: Block): boolean => what === "import" || language === "toml";

const migrations: readonly Migration[] = blocks.flatMap((dockerGen, at) => {
  if (!isDockerGen(dockerGen)) return [];
  const next = blocks.findIndex((block, index) => index > at && isDockerGen(block));
  const own = blocks.slice(at + 1, next < 0 ? undefined : next);
  return [
    {
      dockerGen,
      yaml: own.find(({ what }) => what === "renderer.yml")?.text ?? "",
      templates: own.filter(({ language }) => language === "handlebars"),
      prints: own.filter(({ language }) => language === "text"),
    },
  ];
});

function imported({ text, what, language }: Block, example: Example): Imported {
  if (language === "toml")
    return importFiles([what], {
      directory: WORK,
      read: (file) => (file === what ? { text } : example.read(file)),
    });
  const args = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return importCommandLine(args, { directory: WORK, read: example.read });
}

for (const migration of migrations) {
  const { dockerGen, yaml, templates, prints } = migration;
  describe(`${dockerGen.section}: ${dockerGen.text.split("\n")[0]}`, () => {
    test("is imported as the page shows, completely once its templates exist", async (context) => {
      const example = new Example(context, CONTAINERS);
      const before = imported(dockerGen, example);
      assert.equal(before.kind, "imported");
      const left = before.kind === "imported" ? before.notes.filter(({ kind }) => kind === "skipped") : [];
      assert.equal(left.length, templates.length);
      for (const { text } of left) assert.match(text, /is a Go template; rewrite it/);
      for (const template of templates) example.write(template);
      const after = imported(dockerGen, example);
      assert.ok(after.kind === "imported");
      assert.deepEqual(
        after.notes.filter(({ kind }) => kind === "skipped"),
        [],
      );
      assert.deepEqual(parse(after.yaml), parse(yaml));
    });

    for (const { what, text } of prints) {
      const [how = "", destination = ""] = what.split(" ");
      test(`${destination} ${how} what the page shows, and its program accepts it`, async (context) => {
        const example = new Example(context, CONTAINERS);
        for (const template of templates) example.write(template);
        const printed = await example.printed(yaml, destination);
        assert.equal(printed.stderr, "");
        if (how === "is") assert.equal(printed.text, text);
        else assert.ok(printed.text.includes(text.trimEnd()), printed.text);
        accept(destination, printed.text, example.directory);
      });
    }
  });
}

test("each example of the page has a printed file", () => {
  assert.equal(migrations.length, 6);
  for (const { prints, dockerGen } of migrations) assert.ok(prints.length > 0, dockerGen.text);
});

const scripted = migrations.find(({ dockerGen }) => dockerGen.text.includes("-interval"))!;

test("the script registers each service again at each interval, without names that are other paths", async (context) => {
  const registered: string[] = [];
  const registry = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      registered.push(`${request.method} ${request.url} ${decodeURIComponent(body)}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const { port } = registry.address() as AddressInfo;
  const hostile = ["$(reboot)", "../../admin", "a b", "x'; true '"].map((service, index) =>
    container("0", {
      id: String(index + 4).repeat(64),
      name: `hostile${index}`,
      labels: composeLabels("shop", service),
      networks: [{ name: "back", ipv4: "172.21.0.9" }],
      ports: [{ port: 80, proto: "tcp" }],
      env: {},
    }),
  );
  const example = new Example(context, [...CONTAINERS, ...hostile], {
    "127.0.0.1:2379": `127.0.0.1:${port}`,
    "reloadEvery: 10s": "reloadEvery: 1s",
  });
  const stop = new AbortController();
  try {
    for (const template of scripted.templates) example.write(template);
    const running = run(example.config(scripted.yaml), stop.signal, () => undefined);
    await eventually("it has run three times", () => registered.length >= 6);
    stop.abort();
    assert.deepEqual((await running).problems, []);
    assert.deepEqual(
      [...new Set(registered)],
      [
        "PUT /v2/keys/backends/shop/db/shop-db-1 value=172.21.0.2:5432&ttl=30",
        "PUT /v2/keys/backends/shop/web/shop-web-1 value=172.20.0.3:80&ttl=30",
      ],
    );
  } finally {
    stop.abort();
    registry.close();
  }
});

test("a container whose label is not a number is missing only from logrotate's file", async (context) => {
  const { templates, yaml } = migrations.find(({ dockerGen }) => dockerGen.language === "toml")!;
  const odd = ["forever", "7\n}\n/etc/shadow {", "-1"].map((keep, index) =>
    container("0", {
      id: String(index + 4).repeat(64),
      name: `odd${index}`,
      labels: { "logrotate.keep": keep },
      env: {},
    }),
  );
  const example = new Example(context, [...CONTAINERS, ...odd]);
  for (const template of templates) example.write(template);
  const { text, stderr } = await example.printed(yaml, "/etc/logrotate.d/docker");
  assert.equal(text.match(/rotate 7$/gm)?.length, CONTAINERS.length);
  assert.deepEqual(stderr.match(/^container odd\d/gm)?.length, odd.length);
});
