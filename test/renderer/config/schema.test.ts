import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import * as z from "zod";
import { defaultsFrom } from "../../../renderer/config/file-defaults.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { publishedSchema } from "../../../renderer/config/published-schema.ts";
import { PERMISSIONS } from "../../../renderer/routes/option.ts";
import { nginxTargetOf } from "./target-of.ts";

test("the published schema is generated from the code", () => {
  const published: unknown = JSON.parse(readFileSync("docs/renderer.schema.json", "utf8"));
  assert.deepEqual(published, JSON.parse(JSON.stringify(publishedSchema())));
});

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
}

test("every key of the published schema has a description", () => {
  const undescribed: string[] = [];
  const look = (schema: Described, path: string): void => {
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      if (inner.description === undefined) undescribed.push(`${path}.${key}`);
      look(inner, `${path}.${key}`);
    }
    if (schema.items) look(schema.items, path);
    for (const inner of schema.anyOf ?? []) look(inner, path);
  };
  look(JSON.parse(readFileSync("docs/renderer.schema.json", "utf8")) as Described, "");
  assert.deepEqual(undescribed, []);
});

for (const [name, differing] of [
  ["https", undefined],
  ["stream", undefined],
  ["signal", "reload"],
] as const) {
  test(`the example with ${name} sets everything that the shipped configuration sets`, () => {
    const [shipped, example] = ["renderer/renderer.yml", `docs/examples/renderer.${name}.yml`].map((file) => {
      const { targets, ...rest } = parse(readFileSync(file, "utf8")) as { targets: Record<string, unknown>[] };
      return new Map(Object.entries({ ...rest, ...targets[0] }));
    });
    for (const [key, value] of shipped!) if (key !== differing) assert.deepEqual(example!.get(key), value, key);
  });
}

for (const file of ["renderer/renderer.yml", "docs/examples/renderer.signal.yml"]) {
  test(`${file} is valid by the published schema, and unknown keys are not`, () => {
    const schema = z.fromJSONSchema(JSON.parse(readFileSync("docs/renderer.schema.json", "utf8")));
    const document: unknown = parse(readFileSync(file, "utf8"));
    assert.equal(schema.safeParse(document).error, undefined);
    assert.ok(!schema.safeParse({ ...(document as object), target: [] }).success);
  });
}

const withContainers = (containers: string): string =>
  readFileSync("renderer/renderer.yml", "utf8").replace(/^( +)onlyExposed:/m, `$1containers: ${containers}\n$&`);

test("parses the predicates of an nginx target", () => {
  const config = parseConfig(withContainers("{ where: [{ label: [a=b, c] }, { not: { name: test-* } }] }"), "c.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  assert.deepEqual(config.targets[0]?.containers, {
    onlyPublished: false,
    where: [{ label: ["a=b", "c"] }, { not: { name: ["test-*"] } }],
  });
});

const withContainersMay = (may: string): string =>
  readFileSync("renderer/renderer.yml", "utf8").replace(
    /^( +)onlyExposed:/m,
    `$1routing: { containersMay: ${may} }\n$&`,
  );

const mistakes: readonly [containers: string, message: RegExp][] = [
  [
    "{ onlyPublish: true }",
    /^c\.yml:\d+:\d+: targets\.0\.containers: unknown key "onlyPublish"; did you mean "onlyPub/,
  ],
  ["{ where: [{ lable: x }] }", /unknown key "lable"; did you mean "label"/],
  ["{ where: [{ not: { nam: x } }] }", /unknown key "nam"; did you mean "name"/],
  [
    "{ where: [{ name: a*b }] }",
    /^c\.yml:\d+:\d+: targets\.0\.containers\.where\.0\.name: must be text, with an optional/,
  ],
  ["{ where: [{ state: up }] }", /containers\.where\.0\.state: must be one of .*running.*, not "up"/],
  ["{ where: [{}] }", /containers\.where\.0: must have at least one of label/],
];
for (const [containers, message] of mistakes) {
  test(`${containers} is reported with its place`, () => {
    const parsed = parseConfig(withContainers(containers), "c.yml");
    assert.match("problems" in parsed ? parsed.problems.join("\n") : "no problem", message);
  });
}

test("`containersMay: all` is every permission", () => {
  const config = parseConfig(withContainersMay("all"), "c.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  assert.deepEqual(nginxTargetOf(config).routing.containersMay, [...PERMISSIONS]);
});

for (const [may, message] of [
  ["[regexp]", /^c\.yml:\d+:\d+: targets\.0\.routing\.containersMay\.0: .* did you mean "regex"\?/],
  [
    "everything",
    /^c\.yml:\d+:\d+: targets\.0\.routing\.containersMay: must be `all`, or a list of some of regex, .*, not "everything"/,
  ],
  ["true", /routing\.containersMay: must be `all`, or a list/],
] as const) {
  test(`containersMay: ${may} is reported with its valid values`, () => {
    const parsed = parseConfig(withContainersMay(may), "c.yml");
    assert.match("problems" in parsed ? parsed.problems.join("\n") : "no problem", message);
  });
}

test("redirects name the port of SALLYPORT_HTTPS_PORT, unless the file names one", () => {
  const withHttps = (https: object, port = "8443") =>
    parseConfig(
      JSON.stringify({
        agents: [{ socket: "/a.sock" }],
        targets: [
          {
            template: "/t.hbs",
            destination: "/x/d.conf",
            listen: 80,
            reload: "none",
            https: { certificates: "/c", ...https },
          },
        ],
      }),
      "c.yml",
      defaultsFrom({ SALLYPORT_HTTPS_PORT: port }),
    );
  for (const [https, port, variable] of [
    [{}, 8443, "8443"],
    [{ port: 444 }, 444, "no port"],
    [{}, 443, " "],
  ] as const) {
    const config = withHttps(https, variable);
    assert.ok(!("problems" in config), JSON.stringify(config));
    const [target] = config.targets;
    assert.equal(target?.kind === "nginx" && target.https?.port, port);
  }
  for (const port of ["https", "0", "65536", "8443,443", "-1", "8443\u202e"]) {
    const config = withHttps({}, port);
    const [problem = ""] = "problems" in config ? config.problems : [];
    assert.match(problem, /^SALLYPORT_HTTPS_PORT: ".+" is not a port number from 1 to 65535; correct or unset/, port);
    assert.match(problem, /^[\x20-\x7e]*$/);
  }
});
