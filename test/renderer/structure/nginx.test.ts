import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fc } from "../../property.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { buildRoutes } from "../routes/build-routes.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { listsForHttp } from "../../../renderer/nginx/own-lists.ts";
import { nginxPage, TRANSFERS } from "../../../renderer/nginx/page.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import { container } from "../fake-agent.ts";
import { LABELS, RULES, VARIABLES } from "../nginx/options.ts";
import { HOSTILE, hostileText } from "./hostile.ts";
import { readNginx } from "./read-nginx.ts";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const text = readFileSync(TEMPLATE, "utf8");
const render = compileTemplate<VirtualHost>(text, TEMPLATE);

interface Statement {
  readonly words: readonly string[];
  readonly block?: readonly Statement[];
}

/** Yields every directive with its block, such as `server listen`. */
function* directives(block: readonly Statement[], outer = "http"): Generator<string> {
  for (const { words, block: inner } of block) {
    const [name = ""] = words;
    // Statements in these blocks are values.
    if (outer !== "map" && outer !== "geo" && outer !== "types") yield `${outer} ${name}`;
    if (inner) yield* directives(inner, name === "if" ? outer : name);
  }
}

const read = (printed: string): readonly Statement[] => readNginx(printed) as unknown as readonly Statement[];

/** The template's own text: all branches, without tags. */
const own = text
  .replace(/\{\{!--.*?--\}\}/gs, "")
  .replace(/^\s*\{\{[#/]?(?:if|else|unless|each|eachHost|with|\*inline|inline|>).*\}\}$/gm, "");
const vocabulary = new Set(own.match(/(?<=^|[;{}]\s*)[a-z_0-9]+(?=[ ;])/gm)?.map((name) => name.trim()));
// Composed in the template: `{{family}}_pass`.
for (const family of ["proxy", "grpc", "fastcgi", "uwsgi", "scgi"]) {
  for (const what of ["pass", "read_timeout", "send_timeout", "request_buffering", "max_temp_file_size"])
    vocabulary.add(`${family}_${what}`);
}
// Of the lists that are repeated next to operators' files.
const lists = listsForHttp({ listen: 8080 }).map((one) => one.text);
for (const line of lists) vocabulary.add(line.split(" ")[0]!);
for (const [name] of TRANSFERS) vocabulary.add(name);
const variables = new Set(
  [own, ...lists]
    .join("\n")
    .match(/\$\{?[a-z_0-9]+/g)
    ?.map((name) => name.replace("{", "")),
);

type Texts = Readonly<Record<string, string>>;

function known(number: number, env: Texts, labels: Texts): InventoryContainer {
  const id = number.toString(16).padStart(64, "0");
  const networks = [{ name: "front", ipv4: `10.0.0.${number}` }];
  const ports = [{ port: 80, proto: "tcp" as const }];
  return { agent: "/a", dockerHost: "h", container: { ...container("1", { env, labels, networks, ports }), id } };
}

const good = known(1, { VIRTUAL_HOST: "good.example" }, {});

function statementsOf(all: readonly InventoryContainer[]): {
  statements: readonly Statement[];
  quarantined: readonly string[];
} {
  const routes = buildRoutes(all, RULES);
  assert.equal(routes.kind, "routes");
  const printed = render(nginxPage(routes, { listen: 8080 })).toString();
  return { statements: read(printed), quarantined: routes.quarantined.map(({ id }) => id) };
}

const nameOf = ({ block = [] }: Statement): readonly string[] =>
  block.find(({ words }) => words[0] === "server_name")?.words.slice(1) ?? [];

const serverOf = (statements: readonly Statement[], host: string): Statement | undefined =>
  statements.find((one) => one.words[0] === "server" && nameOf(one).includes(host));

const goodServer = serverOf(statementsOf([good]).statements, "good.example");
/** The blocks in which these directives are possible. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  server: ["http", "upstream"],
  upstream: ["http"],
  map: ["http"],
  location: ["server"],
  listen: ["server"],
  server_name: ["server"],
  root: ["server", "location"],
};

/** Groups of a regular expression, and the variable of a path with an access list. */
const MADE = /^\$(?:[0-9]|sallyport_(?:allowed|origin|realm)_[0-9a-f]{16})$/;

/** Without regular expressions, in which nginx expands no variables. */
function withoutPatterns(statements: readonly Statement[]): readonly Statement[] {
  return statements.map(({ words, block }) => ({
    words: isByPattern(words) ? words.slice(0, 1) : words,
    ...(block && { block: withoutPatterns(block) }),
  }));
}

function isByPattern([name = "", ...more]: readonly string[]): boolean {
  return (name === "server_name" || name === "location") && more.some((word) => word.startsWith("~"));
}

type Case = readonly [env: Texts, labels: Texts];

/** Each case is a container with a host of its own, next to the good one. */
function checkAll(cases: readonly Case[]): void {
  const others = cases.map(([env, labels], index) =>
    known(index + 2, { VIRTUAL_HOST: `neutral${index}.example`, ...env }, labels),
  );
  const { statements, quarantined } = statementsOf([good, ...others]);
  const servers = new Map(
    statements.flatMap((one) =>
      one.words[0] === "server" ? nameOf(one).map((name): [string, Statement] => [name, one]) : [],
    ),
  );
  assert.deepEqual(serverOf(statements, "good.example"), goodServer);
  for (const pair of new Set(directives(statements))) {
    const [outer = "", name = ""] = pair.split(" ");
    assert.ok(vocabulary.has(name), `${pair} is not the template's`);
    assert.ok(PLACES[name]?.includes(outer) ?? true, `${pair}: not in this block`);
  }
  const used = new Set(
    JSON.stringify(withoutPatterns(statements))
      .match(/\$\{?[A-Za-z_0-9]+/g)
      ?.map((name) => name.replace("{", "")),
  );
  for (const name of used) assert.ok(variables.has(name) || MADE.test(name), `${name} is not the template's`);
  for (const [index, one] of cases.entries()) {
    const saysHost = one.some((texts) =>
      Object.keys(texts).some((name) => /host|multiports|replica|enable/i.test(name)),
    );
    const isServed = saysHost || servers.has(`neutral${index}.example`);
    assert.ok(isServed || quarantined.includes(others[index]!.container.id), JSON.stringify(one));
  }
}

function check(env: Texts, labels: Texts): void {
  checkAll([[env, labels]]);
}

test("structure: nginx's file contains a good and a neutral host", () => {
  assert.ok(goodServer);
  assert.doesNotThrow(() => check({}, {}));
});

test("structure: nginx's file has only directives, blocks and variables of the template for every hostile value", () => {
  const cases: readonly ((value: string) => Case)[] = [
    ...VARIABLES.map((name) => (value: string): Case => [{ [name]: value }, {}]),
    ...LABELS.map((name) => (value: string): Case => [{}, { [name]: value }]),
  ];
  for (const made of cases) {
    const all = HOSTILE.map(made);
    try {
      checkAll(all);
    } catch (error) {
      // The message names the single value, if it is one.
      for (const one of all) checkAll([one]);
      throw error;
    }
  }
});

test("structure: a $ in a regular expression is not a variable", () => {
  assert.doesNotThrow(() =>
    check({}, { "sallyport.host": "~^a\\.example$neutral", "sallyport.path": "~ ^/a$neutral" }),
  );
});

test("structure: nginx's file has only directives, blocks and variables of the template for combined hostile values", () => {
  const words = (names: readonly string[]) => fc.dictionary(fc.constantFrom(...names), hostileText, { maxKeys: 6 });
  fc.assert(fc.property(words(VARIABLES), words(LABELS), check), { numRuns: 1_000 });
});
