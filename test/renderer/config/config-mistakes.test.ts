import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { stringify } from "yaml";
import { parseConfig } from "../../../renderer/config/load.ts";
import { explainIssues } from "../../../renderer/config/messages.ts";
import { ConfigFile } from "../../../renderer/config/schema.ts";
import type { ConfigText } from "../../../renderer/config/text.ts";
import { FIXTURES } from "./config-fixtures.ts";

type Path = readonly (string | number)[];

/** Values of every kind. Each is invalid somewhere. */
const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  70_000,
  "",
  "no such word",
  "x".repeat(3_000),
  [],
  [[]],
  {},
  { zz: 1 },
];

/** One line with file, line, column and message, without text of a library. */
const FORM = /^c\.yml:[1-9][0-9]*:[1-9][0-9]*: [^\n]{8,600}$/;
const LIBRARY_TEXT = /Invalid|expected|received|undefined|\[object|NaN|Expecting|YAML\./;

function problemsOf(value: unknown): readonly string[] {
  const parsed = parseConfig(stringify(value, { aliasDuplicateObjects: false }), "c.yml");
  return "problems" in parsed ? parsed.problems : [];
}

/** A configuration of which every value is in line 1. */
function withoutText(value: unknown): ConfigText {
  return { value, offsetOf: () => 0, placeOf: () => "c.yml:1:1" };
}

function checkForm(problems: readonly string[], about: string): void {
  for (const problem of problems) {
    assert.match(problem, FORM, about);
    assert.doesNotMatch(problem, LIBRARY_TEXT, about);
  }
}

/** Every path of a configuration, with its value. */
function* placesIn(value: unknown, path: Path = []): Generator<readonly [Path, unknown]> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* placesIn(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** Returns a copy with another value at a path. */
function withValue(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value)) return value.map((item: unknown, at) => (at === key ? withValue(item, rest, other) : item));
  const record = value as Readonly<Record<string, unknown>>;
  return { ...record, [key]: withValue(record[key], rest, other) };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Every key of the published schema, as a path with `*` for the entries of a list. */
function* keysOf(schema: Schema, path = ""): Generator<string> {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    yield `${path}.${key}`;
    yield* keysOf(inner, `${path}.${key}`);
  }
  if (schema.items) yield* keysOf(schema.items, `${path}.*`);
  for (const inner of schema.anyOf ?? []) yield* keysOf(inner, path);
}

/** All options of hosts and paths have one kind of value and one table, so the fixtures have a few of them. */
const isOption = (key: string): boolean => /\.(?:defaults|pathDefaults|hostOptions|pathOptions)\./.test(key);

test("the fixtures are valid and together have every key of the schema", () => {
  const used = new Set<string>();
  for (const fixture of FIXTURES) {
    assert.deepEqual(problemsOf(fixture), []);
    for (const [path] of placesIn(fixture))
      used.add(`.${path.map((part) => (typeof part === "number" ? "*" : part)).join(".")}`);
  }
  const schema = JSON.parse(readFileSync("docs/renderer.schema.json", "utf8")) as Schema;
  const all = [...new Set(keysOf(schema))].filter((key) => !isOption(key));
  assert.ok(all.length > 80);
  assert.deepEqual(
    all.filter((key) => !used.has(key)),
    [],
  );
});

for (const [index, fixture] of FIXTURES.entries()) {
  test(`reports an invalid value anywhere in fixture ${index} in one message with its path`, () => {
    let count = 0;
    for (const [path, before] of placesIn(fixture)) {
      for (const wrong of WRONG) {
        const spoiled = withValue(fixture, path, wrong);
        const parsed = ConfigFile.safeParse(spoiled);
        if (parsed.success) continue;
        // Reading YAML takes most of the time, and only the place of the message depends on it.
        const isText = count % 4 === 0;
        const problems = isText ? problemsOf(spoiled) : explainIssues(parsed.error.issues, withoutText(spoiled));
        const about = `${path.join(".")}: ${JSON.stringify(before)?.slice(0, 80)} became ${JSON.stringify(wrong)?.slice(0, 80)}: ${problems.join("\n")}`;
        checkForm(problems, about);
        // Missing and unknown keys are one message each.
        assert.ok(problems.length === 1 || (typeof wrong === "object" && wrong !== null), about);
        const where = path.join(".") || "configuration";
        for (const problem of problems) assert.ok(problem.includes(`: ${where}`) || path.length === 0, about);
        count += 1;
      }
    }
    assert.ok(count > 100, String(count));
  });

  test(`suggests the right key for a misspelled one anywhere in fixture ${index}`, () => {
    for (const [path] of placesIn(fixture)) {
      const key = path.at(-1);
      const parent = path.slice(0, -1);
      // The keys of these are the operator's names.
      if (typeof key !== "string" || ["auth", "upstreamTls"].includes(String(parent.at(-1)))) continue;
      const record = valueAt(fixture, parent) as Readonly<Record<string, unknown>>;
      const { [key]: value, ...others } = record;
      const typo = key.length < 4 ? `${key}z` : `${key.slice(0, 2)}${key.slice(3)}z`;
      const problems = problemsOf(withValue(fixture, parent, { ...others, [typo]: value }));
      const about = `${path.join(".")}: ${problems.join("\n")}`;
      assert.equal(problems.length, 1, about);
      checkForm(problems, about);
      assert.ok(problems[0]!.includes(`unknown key "${typo}"; did you mean "${key}"?`), about);
      // The column is that of the key itself.
      const [, line, column] = /^c\.yml:(\d+):(\d+):/.exec(problems[0]!)!;
      const text = stringify(withValue(fixture, parent, { ...others, [typo]: value }), {
        aliasDuplicateObjects: false,
      });
      const lines = text.split("\n");
      assert.ok(lines[Number(line) - 1]?.slice(Number(column) - 1).startsWith(typo), about);
    }
  });
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

const GOOD = "agents:\n  - socket: /a.sock\ntargets:\n  - template: /t.hbs\n    destination: /d\n    reload: none\n";
const target = (line: string): string => `${GOOD}    ${line}\n`;
const bomb = [
  "a: &a [x,x,x,x,x,x,x,x,x]",
  ..."bcdefg".split("").map((name, at) => {
    const inner = `*${"abcdefg"[at]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(",")}]`;
  }),
  "agents: *g",
  "",
].join("\n");

/** A mistake of each kind, and its message. */
const mistakes: readonly [title: string, text: string, message: RegExp][] = [
  ["an empty file", "", /^c\.yml:1:1: configuration: must be a mapping \(key: value\), not empty$/],
  ["a scalar", "hello", /^c\.yml:1:1: configuration: must be a mapping \(key: value\), not "hello"$/],
  ["a list", "[]", /not a list$/],
  ["a tab", "agents:\n\t- socket: /a\n", /^c\.yml:2:1: Tabs are not allowed as indentation: "- socket: \/a"$/],
  ["an unclosed bracket", "agents: [ {socket: /a }\ntargets: []\n", /^c\.yml:2:1: .*must .*end with a \]/],
  ["an unclosed quote", 'agents: "abc\n', /^c\.yml:2:1: Missing closing "quote$/],
  ["a duplicate key", target("reload: none"), /^c\.yml:7:5: duplicate key: "reload: none"; remove one$/],
  [
    "a duplicate key at the top level",
    `${GOOD}agents: []\n`,
    /^c\.yml:7:1: duplicate key: "agents: \[\]"; remove one$/,
  ],
  [
    "two documents",
    `${GOOD}---\nagents: []\n`,
    /^c\.yml:7:1: a configuration is a single YAML document: "---"; remove the second one$/,
  ],
  ["an unknown alias", `${GOOD}proxy: *x\n`, /^c\.yml:7:8: unknown alias \*x; define it before$/],
  [
    "a misspelled alias",
    `x: &proxies self\n${GOOD}proxy: *proxis\n`,
    /unknown alias \*proxis; did you mean \*proxies\?$/,
  ],
  ["aliases of aliases", bomb, /^c\.yml:2:8: too many aliases; /],
  ["a list that contains itself", GOOD.replace("- socket: /a.sock", "&a [*a]"), /agents/],
  ["a tag", `${GOOD}proxy: !!js/function x\n`, /^c\.yml:7:8: tags are not supported: "!!js\/function x"; remove it$/],
  ["a key that is a list", `${GOOD}? [a, b]\n: 2\n`, /^c\.yml:7:3: keys must be strings: "\[a, b\]"; quote it$/],
  ["unclosed nested brackets", `agents: ${"[".repeat(50_000)}`, /^c\.yml:1:\d+: nested too deeply/],
  ["too many nested brackets", `agents: ${"[".repeat(9_000)}${"]".repeat(9_000)}`, /^c\.yml:1:\d+: nested too deeply/],
  ["an oversized file", `# ${"x".repeat(1_100_000)}\n`, /^c\.yml: larger than 1048576 characters/],
  ["the key `__proto__`", `${GOOD}__proto__: { a: 1 }\n`, /^c\.yml:7:1: unknown key "__proto__"; remove it$/],
  ["a key with a line break", `${GOOD}"a\\nb": 1\n`, /^c\.yml:7:1: unknown key "a\\nb"; remove it$/],
  [
    "an invalid duration",
    target("interval: 1 minute"),
    /^c\.yml:7:15: targets\.0\.interval: must be a duration such as 100ms, 1s or 2m, not "1 minute"$/,
  ],
  ["a duration without a unit", target("interval: 60"), /interval: must be a duration such as .*, not 60$/],
  ["an interval that is too short", target("interval: 10ms"), /interval: must be from 1s to 24h, not "10ms"$/],
  [
    "a `wait` whose maximum is below its minimum",
    target("wait: 1s:100ms"),
    /^c\.yml:7:11: targets\.0\.wait: must be MIN:MAX, .*, not "1s:100ms"$/,
  ],
  ["a `wait` of three durations", target("wait: 1s:2s:3s"), /must be MIN:MAX, .*, not "1s:2s:3s"$/],
  [
    "a mode without quotes",
    target("mode: 0640"),
    /mode: must be three octal digits in quotes, such as "0640", not 640$/,
  ],
  ["an owner by name", target("owner: root"), /owner: must be UID:GID in numbers and in quotes, .*, not "root"$/],
  ["a misspelled format", target("format: yml"), /format: must be one of nginx, .*, not "yml"; did you mean "yaml"\?$/],
  [
    "two reload methods in one entry",
    GOOD.replace("none", "{ channel: /x, exec: { command: [a] } }"),
    /targets\.0\.reload: must be .*, not channel and exec together$/,
  ],
  [
    "two ways to find a process",
    GOOD.replace("none", "{ signal: { process: a, pidFile: /b } }"),
    /not process and pidFile together$/,
  ],
  [
    "a signal that stops the server",
    GOOD.replace("none", "{ signal: { process: a, signal: SIGKILL } }"),
    /must be one of SIGHUP, SIGUSR1, SIGUSR2, not "SIGKILL"/,
  ],
  [
    "an invalid regular expression",
    target("routing: { routes: [{ host: '~^(a', to: ['192.0.2.1:80'] }] }"),
    /^c\.yml:7:33: .*routes\.0\.host: invalid value "~\^\(a": not a regular expression$/,
  ],
  [
    "an unknown protocol",
    target("routing: { routes: [{ host: a.b, to: ['192.0.2.1:80'], proto: htp }] }"),
    /^c\.yml:7:67: .*routes\.0\.proto: invalid value "htp": not one of http, /,
  ],
  [
    "a pattern with a `*` inside",
    target("containers: { where: [{ name: a*b }] }"),
    /^c\.yml:7:35: .*name: must be text, with an optional \*.*, not "a\*b"$/,
  ],
  ["an empty predicate", target("containers: { where: [{}] }"), /where\.0: must have at least one of label, name/],
  [
    "two targets for one file",
    `${GOOD}${GOOD.split("targets:\n")[1]}`,
    /^c\.yml:8:18: targets\.1\.destination: "\/d" is also the destination of another target; /,
  ],
  [
    "a status page on the port of virtual hosts",
    `${GOOD}statusPage: { directory: /x, listen: 8080 }\n`,
    /^c\.yml:7:38: statusPage\.listen: 8080 is also the port of virtual hosts; /,
  ],
  [
    "a key of nginx targets in a template target",
    `${target("format: json")}    listen: 80\n`,
    /^c\.yml:8:5: targets\.0: key "listen" is only valid in nginx targets; remove it, or remove `format`$/,
  ],
  [
    "a key of template targets in an nginx target",
    target("includes: /x"),
    /^c\.yml:7:5: targets\.0: key "includes" is only valid in template targets; remove it, or add `format`$/,
  ],
  [
    "a nested key of template targets in an nginx target",
    target("containers: { includeStopped: true }"),
    /^c\.yml:7:19: targets\.0\.containers: key "includeStopped" is only valid in template targets; /,
  ],
  ["the internal discriminator", target("kind: nginx"), /^c\.yml:7:5: targets\.0: unknown key "kind"/],
  [
    "a list of templates in an nginx target",
    GOOD.replace("template: /t.hbs", "template: [/t.hbs, /u.hbs]"),
    /^c\.yml:4:5: targets\.0\.template: must be one template; only targets with `format` have partials$/,
  ],
  [
    "a key one level too high",
    target("sharedHosts: true"),
    /^c\.yml:7:5: targets\.0: unknown key "sharedHosts"; move it to `targets\.0\.routing`$/,
  ],
  [
    "a key one level too low",
    target("routing: { onlyExposed: false }"),
    /^c\.yml:7:16: targets\.0\.routing: unknown key "onlyExposed"; move it to `targets\.0`$/,
  ],
  [
    "a key next to `containers` that a template target has in it",
    `${target("format: json")}    onlyExposed: true\n`,
    /^c\.yml:8:5: targets\.0: unknown key "onlyExposed"; move it to `targets\.0\.containers`$/,
  ],
  [
    "a key of targets at the top level",
    `${GOOD}reload: none\n`,
    /^c\.yml:7:1: unknown key "reload"; move it to `targets\.0`$/,
  ],
  [
    "an abbreviated key",
    GOOD.replace("destination", "dest"),
    /^c\.yml:5:5: targets\.0: unknown key "dest"; did you mean "destination"\?$/,
  ],
  [
    "a misspelled key of streams",
    target("streams: { port: [5432] }"),
    /^c\.yml:7:16: targets\.0\.streams: unknown key "port"; did you mean "ports"\?$/,
  ],
  [
    "ports of streams at the wrong level",
    target("ports: [5432]"),
    /^c\.yml:7:5: targets\.0: unknown key "ports"; (?:move it to `targets\.0\.streams`|did you mean)/,
  ],
  [
    "a stream's port with an unknown protocol",
    target("streams: { ports: [5432/sctp] }"),
    /^c\.yml:7:24: targets\.0\.streams\.ports\.0: must be a port such as 5432, .*"53\/udp", not "5432\/sctp"$/,
  ],
  ...["0", "99999", '"99999/udp"', '"0/udp"', "tcp", "-1"].map((port): [string, string, RegExp] => [
    `the port ${port} of streams`,
    target(`streams: { ports: [${port}] }`),
    /^c\.yml:7:24: targets\.0\.streams\.ports\.0: must be (?:a port such as 5432|at least 1|at most 65535)/,
  ]),
  [
    "a stream on the port of virtual hosts",
    target("streams: { ports: [53/udp, 8080] }"),
    /^c\.yml:7:32: targets\.0\.streams\.ports\.1: 8080\/tcp is also the port of virtual hosts; choose another port$/,
  ],
  [
    "a service that any container could serve",
    target(
      "nginx: { auth: { sso: { host: a.example } } }\n    routing: { sharedHosts: true, owners: [{ suffix: b.example, projects: [x] }] }",
    ),
    /^c\.yml:7:[0-9]+: targets\.0\.nginx\.auth\.sso\.host: with `sharedHosts`, any container can serve a\.example; reserve the name/,
  ],
  [
    "a port of streams twice",
    target("streams: { ports: [9443], sni: 9443 }"),
    /^c\.yml:7:36: targets\.0\.streams\.sni: 9443\/tcp is also another port of `streams`; choose another port$/,
  ],
  [
    "streams on standard output",
    GOOD.replace(/destination: .*/, 'destination: "-"').replace("none", "none\n    streams: { ports: [5432] }"),
    /^c\.yml:7:5: targets\.0\.streams: standard output takes one file; remove it, or set `destination`/,
  ],
  [
    "streams in a template target",
    `${target("format: json")}    streams: { ports: [5432] }\n`,
    /^c\.yml:8:5: targets\.0: key "streams" is only valid in nginx targets; remove it, or remove `format`$/,
  ],
  [
    "a command without `exec`",
    GOOD.replace("none", "{ command: [nginx, -s, reload] }"),
    /^c\.yml:6:15: targets\.0\.reload: unknown key "command"; move it to `targets\.0\.reload\.exec`$/,
  ],
  [
    "a command as a string",
    GOOD.replace("none", "{ exec: nginx -s reload }"),
    /^c\.yml:6:21: targets\.0\.reload\.exec: must be a mapping \(key: value\), not "nginx -s reload"; write \{"command":\["nginx","-s","reload"\]\}$/,
  ],
  [
    "an agent as a string",
    GOOD.replace("- socket: /a.sock", "- /a.sock"),
    /^c\.yml:2:5: agents\.0: must be a mapping .*, not "\/a\.sock"; write \{"socket":"\/a\.sock"\}$/,
  ],
  [
    "a socket's path that is too long",
    GOOD.replace("/a.sock", `/${"a".repeat(120)}`),
    /^c\.yml:2:13: agents\.0\.socket: invalid value "\/a+…: has 121 bytes, .*; choose a shorter path$/,
  ],
  [
    "`reloadEvery` without a reload method",
    target("reloadEvery: 1m"),
    /^c\.yml:7:18: targets\.0\.reloadEvery: has no effect while `reload` is `none`; /,
  ],
  [
    "a transaction of a single target",
    target("transaction: both"),
    /^c\.yml:7:18: targets\.0\.transaction: no other target has the transaction "both"; /,
  ],
  [
    "a transaction with standard output",
    `${GOOD.replace("/d", '"-"')}    transaction: both\n${GOOD.split("targets:\n")[1]}    transaction: both\n`,
    /^c\.yml:7:18: targets\.0\.transaction: standard output cannot be rolled back; /,
  ],
];

test("reports at most 100 unknown keys, the first ones", () => {
  const keys = Array.from({ length: 500 }, (_, index) => `key${index}: 1\n`).join("");
  const parsed = parseConfig(GOOD + keys, "c.yml");
  assert.ok("problems" in parsed);
  assert.match(parsed.problems[0]!, /^c\.yml:7:1: unknown key "key0"/);
  assert.equal(parsed.problems.length, 100);
});

for (const [title, text, message] of mistakes) {
  test(`reports ${title} in one message with its place`, () => {
    const parsed = parseConfig(text, "c.yml");
    assert.ok("problems" in parsed, "nothing was found");
    assert.equal(parsed.problems.length, 1, parsed.problems.join("\n"));
    assert.match(parsed.problems[0]!, message);
    assert.ok(parsed.problems[0]!.length < 700);
  });
}
