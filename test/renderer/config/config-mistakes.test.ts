import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { stringify } from "yaml";
import { ConfigFile, parseConfig } from "../../../renderer/config/schema.ts";
import { FIXTURES } from "./config-fixtures.ts";

type Path = readonly (string | number)[];

/** Values of every kind; each is wrong somewhere. */
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

/** One message a line, with file, line, column, the key, and what is to be done; no words of a library. */
const FORM = /^c\.yml:[1-9][0-9]*:[1-9][0-9]*: [^\n]{8,600}$/;
const OF_LIBRARIES = /Invalid|expected|received|undefined|\[object|NaN|Expecting|YAML\./;

function problemsOf(value: unknown): readonly string[] {
  const parsed = parseConfig(stringify(value, { aliasDuplicateObjects: false }), "c.yml");
  return "problems" in parsed ? parsed.problems : [];
}

function checkForm(problems: readonly string[], about: string): void {
  for (const problem of problems) {
    assert.match(problem, FORM, about);
    assert.doesNotMatch(problem, OF_LIBRARIES, about);
  }
}

/** Every place of a configuration, with what stands there. */
function* placesIn(value: unknown, path: Path = []): Generator<readonly [Path, unknown]> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* placesIn(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** A copy with another value at a place. */
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

/** Every key of the published schema, as a path in which `*` stands for a place in a list. */
function* keysOf(schema: Schema, path = ""): Generator<string> {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    yield `${path}.${key}`;
    yield* keysOf(inner, `${path}.${key}`);
  }
  if (schema.items) yield* keysOf(schema.items, `${path}.*`);
  for (const inner of schema.anyOf ?? []) yield* keysOf(inner, path);
}

/** Options of hosts and paths have one kind of value and one table: a few stand for all. */
const isOption = (key: string): boolean => /\.(?:defaults|pathDefaults|hostOptions|pathOptions)\./.test(key);

test("the configurations that are spoiled below are good, and have every key of the schema", () => {
  const said = new Set<string>();
  for (const fixture of FIXTURES) {
    assert.deepEqual(problemsOf(fixture), []);
    for (const [path] of placesIn(fixture))
      said.add(`.${path.map((part) => (typeof part === "number" ? "*" : part)).join(".")}`);
  }
  const schema = JSON.parse(readFileSync("docs/renderer.schema.json", "utf8")) as Schema;
  const all = [...new Set(keysOf(schema))].filter((key) => !isOption(key));
  assert.ok(all.length > 80);
  assert.deepEqual(
    all.filter((key) => !said.has(key)),
    [],
  );
});

for (const [index, fixture] of FIXTURES.entries()) {
  test(`a wrong value at any place of configuration ${index} is one message, with its place and what belongs there`, () => {
    let count = 0;
    for (const [path, before] of placesIn(fixture)) {
      for (const wrong of WRONG) {
        const spoiled = withValue(fixture, path, wrong);
        if (ConfigFile.safeParse(spoiled).success) continue;
        const problems = problemsOf(spoiled);
        const about = `${path.join(".")}: ${JSON.stringify(before)?.slice(0, 80)} became ${JSON.stringify(wrong)?.slice(0, 80)}: ${problems.join("\n")}`;
        checkForm(problems, about);
        // Where keys are missing or too many, each is named.
        assert.ok(problems.length === 1 || (typeof wrong === "object" && wrong !== null), about);
        const where = path.join(".") || "the configuration";
        for (const problem of problems) assert.ok(problem.includes(`: ${where}`) || path.length === 0, about);
        count += 1;
      }
    }
    assert.ok(count > 100, String(count));
  });

  test(`a misspelled key at any level of configuration ${index} is one message that names the right one`, () => {
    for (const [path] of placesIn(fixture)) {
      const key = path.at(-1);
      if (typeof key !== "string") continue;
      const parent = path.slice(0, -1);
      const record = valueAt(fixture, parent) as Readonly<Record<string, unknown>>;
      const { [key]: value, ...others } = record;
      const typo = key.length < 4 ? `${key}z` : `${key.slice(0, 2)}${key.slice(3)}z`;
      const problems = problemsOf(withValue(fixture, parent, { ...others, [typo]: value }));
      const about = `${path.join(".")}: ${problems.join("\n")}`;
      assert.equal(problems.length, 1, about);
      checkForm(problems, about);
      assert.ok(problems[0]!.includes(`unknown key "${typo}", did you mean "${key}"?`), about);
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

/** Mistakes of all kinds, and the one message of each. */
const mistakes: readonly [title: string, text: string, message: RegExp][] = [
  ["nothing at all", "", /^c\.yml:1:1: the configuration: must be keys with values, not nothing$/],
  ["a word", "hello", /^c\.yml:1:1: the configuration: must be keys with values, not "hello"$/],
  ["a list", "[]", /not a list$/],
  ["a tab", "agents:\n\t- socket: /a\n", /^c\.yml:2:1: Tabs are not allowed as indentation: - socket: \/a$/],
  ["brackets left open", "agents: [ {socket: /a }\ntargets: []\n", /^c\.yml:2:1: .*must .*end with a \]/],
  ["quotes left open", 'agents: "abc\n', /^c\.yml:2:1: Missing closing "quote$/],
  ["a key twice", target("reload: none"), /^c\.yml:7:5: the same key twice: reload/],
  ["a key twice at the top", `${GOOD}agents: []\n`, /^c\.yml:7:1: the same key twice: agents/],
  ["two documents", `${GOOD}---\nagents: []\n`, /^c\.yml:7:1: a second document/],
  ["an alias without its anchor", `${GOOD}proxy: *x\n`, /^c\.yml:7:8: no anchor before \*x$/],
  [
    "an alias misspelled",
    `x: &proxies self\n${GOOD}proxy: *proxis\n`,
    /no anchor before \*proxis, did you mean \*proxies\?$/,
  ],
  ["aliases of aliases", bomb, /^c\.yml:2:8: aliases that make it far too large/],
  ["a list that holds itself", GOOD.replace("- socket: /a.sock", "&a [*a]"), /agents/],
  ["a tag", `${GOOD}proxy: !!js/function x\n`, /^c\.yml:7:8: tags have no meaning here: leave it out: !!js/],
  ["a key that is a list", `${GOOD}? [a, b]\n: 2\n`, /^c\.yml:7:3: a key must be a text: \[a, b\]$/],
  ["brackets without end", `agents: ${"[".repeat(50_000)}`, /^c\.yml:1:\d+: nested far too deeply/],
  [
    "brackets without measure",
    `agents: ${"[".repeat(9_000)}${"]".repeat(9_000)}`,
    /^c\.yml:1:\d+: nested far too deeply/,
  ],
  ["more text than a configuration has", `# ${"x".repeat(1_100_000)}\n`, /^c\.yml: has more than 1048576 characters/],
  ["a key of JavaScript's", `${GOOD}__proto__: { a: 1 }\n`, /^c\.yml:7:1: unknown key "__proto__"$/],
  ["a key with a line break", `${GOOD}"a\\nb": 1\n`, /^c\.yml:7:1: unknown key "a\\nb"$/],
  [
    "a bad duration",
    target("interval: 1 minute"),
    /^c\.yml:7:15: targets\.0\.interval: 1 minute is not a duration such as/,
  ],
  ["a duration without its unit", target("interval: 60"), /interval: must be a duration such as .*, not 60$/],
  ["an interval that is too short", target("interval: 10ms"), /interval: must be from 1s to 24h, not "10ms"$/],
  [
    "a wait that ends before it begins",
    target("wait: 1s:100ms"),
    /^c\.yml:7:11: targets\.0\.wait: 1s:100ms is not min:max/,
  ],
  ["a wait of three", target("wait: 1s:2s:3s"), /1s:2s:3s is not min:max/],
  [
    "a mode without quotes",
    target("mode: 0640"),
    /mode: must be three octal digits in quotes, such as "0640", not 640$/,
  ],
  ["an owner by name", target("owner: root"), /owner: must be uid:gid in numbers, .*, not "root"$/],
  ["a format misspelled", target("format: yml"), /not "yml": did you mean "yaml"\?$/],
  [
    "two ways to reload",
    GOOD.replace("none", "{ channel: /x, exec: { command: [a] } }"),
    /targets\.0\.reload: must be .*, not channel and exec together$/,
  ],
  [
    "two ways to find a process",
    GOOD.replace("none", "{ signal: { process: a, pidFile: /b } }"),
    /not process and pidFile together$/,
  ],
  [
    "a signal that ends",
    GOOD.replace("none", "{ signal: { process: a, signal: SIGKILL } }"),
    /must be one of SIGHUP, SIGUSR1, SIGUSR2, not "SIGKILL"/,
  ],
  [
    "a regular expression that is none",
    target("routing: { routes: [{ host: '~^(a', to: ['192.0.2.1:80'] }] }"),
    /^c\.yml:7:33: .*routes\.0\.host: ~\^\(a: not a regular expression$/,
  ],
  [
    "a protocol that is none",
    target("routing: { routes: [{ host: a.b, to: ['192.0.2.1:80'], proto: htp }] }"),
    /^c\.yml:7:67: .*routes\.0\.proto: htp: not one of http, /,
  ],
  [
    "a pattern with a star inside",
    target("containers: { where: [{ name: a*b }] }"),
    /^c\.yml:7:35: .*name: must be a text, or a part of one with \*.*, not "a\*b"$/,
  ],
  [
    "a predicate that says nothing",
    target("containers: { where: [{}] }"),
    /where\.0: must have at least one of label, name/,
  ],
  [
    "two targets for one file",
    `${GOOD}${GOOD.split("targets:\n")[1]}`,
    /^c\.yml:8:18: targets\.1\.destination: \/d is the file of another target, too/,
  ],
  [
    "a page for everybody",
    `${GOOD}statusPage: { directory: /x, listen: 8080 }\n`,
    /^c\.yml:7:38: statusPage\.listen: 8080 is where hosts are served/,
  ],
  [
    "a key of the preset beside format",
    `${target("format: json")}    listen: 80\n`,
    /^c\.yml:8:13: targets\.0\.listen: is for the nginx preset/,
  ],
];

for (const [title, text, message] of mistakes) {
  test(`${title} is one message with its place`, () => {
    const parsed = parseConfig(text, "c.yml");
    assert.ok("problems" in parsed, "nothing was found");
    assert.equal(parsed.problems.length, 1, parsed.problems.join("\n"));
    assert.match(parsed.problems[0]!, message);
    assert.ok(parsed.problems[0]!.length < 700);
  });
}
