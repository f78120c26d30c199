import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseConfig } from "../../../renderer/config/load.ts";
import { quoted } from "../../../renderer/nginx/text.ts";
import type { Model } from "../../../renderer/template/model.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import { TemplateError } from "../../../renderer/template/template-error.ts";

const render = (text: string, fields: Readonly<Record<string, Model>> = {}): string =>
  compileTemplate(text, "x.hbs")({ fields, hosts: [], settings: {}, modelOf: () => ({}) }).toString();

const forbidden: readonly [string, string, RegExp][] = [
  ["triple braces", "line\n  {{{name}}}", /^x\.hbs:2:3: unescaped/],
  ["an ampersand", "{{&name}}", /unescaped/],
  ["a decorator", "{{* x}}", /decorators/],
  ["a dynamic partial", "{{> (lookup . 'x')}}", /partial/],
  ["an unknown helper", "{{shout name}}", /x\.hbs/],
  ["lookup", "{{lookup . 'name'}}", /x\.hbs/],
  ["a missing value", "{{nothing}}", /^x\.hbs:1:1: nothing is missing$/],
  ["a misspelled value", "a\n {{nmae}}", /^x\.hbs:2:2: nmae is missing; did you mean name\?$/],
  ["the constructor of a value", "{{name.constructor}}", /x\.hbs/],
  ["the prototype", "{{__proto__.x}}", /x\.hbs/],
  ["a syntax error", "ok\n{{#if}", /^x\.hbs:2/],
];
for (const [title, text, message] of forbidden) {
  test(`${title} is an error with its place`, () => {
    assert.throws(
      () => render(text, { name: "value" }),
      (error) => error instanceof TemplateError && message.test(error.message),
    );
  });
}

test("an inline partial renders the value passed to it, also inside eachHost", () => {
  const inline = '{{#*inline "root"}}\nroot {{this}};\n{{/inline}}\n';
  assert.equal(
    render(`${inline}{{#each list}}\n{{> root name}}\n{{/each}}`, { list: [{ name: "a" }, { name: "b" }] }),
    "root a;\nroot b;\n",
  );
  const print = compileTemplate<{ name: string }>(`${inline}{{#eachHost}}{{> root name}}{{/eachHost}}`, "x.hbs");
  const page = { fields: {}, hosts: [{ name: "a" }], settings: {}, modelOf: (host: { name: string }) => host };
  assert.equal(print(page).toString(), "root a;\n");
  // With the same fields, the text around the hosts is reused.
  assert.equal(print({ ...page, hosts: [...page.hosts, { name: "b" }] }).toString(), "root a;\nroot b;\n");
  assert.throws(() => compileTemplate("{{> (x)}}", "x.hbs"), /the name of a partial must be fixed/);
  assert.throws(
    () => compileTemplate(`${inline}{{#eachHost}}{{> root ../name}}{{/eachHost}}`, "x.hbs"),
    /inside eachHost/,
  );
});

test("a partial that is used very often fails before its text fills the memory", () => {
  const text = `{{#*inline "x"}}${"x".repeat(150_000)}{{/inline}}${"{{> x}}".repeat(9_000)}`;
  assert.throws(() => render(text), {
    message: /x\.hbs: (renders more than 16777216 characters|Invalid string length)/,
  });
});

for (const text of ["{{shout name}}", "{{lookup . 'name'}}", "{{log name}}", "{{{name}}}", "{{#if}"]) {
  test(`${text} is rejected when the template is read, before the first rendering`, () => {
    assert.throws(() => compileTemplate(text, "x.hbs"), /^Error: x\.hbs:1/);
  });
}

for (const hostile of ["a;b", "a b", "a\nb", "a{b", "$host", "a#b", "'a", '"a', "a\\", "a\u2028b", "a\u0000", "é"]) {
  test(`${JSON.stringify(hostile)} cannot be printed`, () => {
    assert.throws(() => render("{{name}}", { name: hostile }), { code: "template.render" });
  });
}

test("a value that cannot be printed is reported with place and name, also inside eachHost", () => {
  const list = [{ name: "a b" }];
  assert.throws(
    () => render("\n{{list}}", { list }),
    /^Error: x\.hbs:2:1: list is not a scalar; use \{\{#if\}\} or \{\{#each\}\}$/,
  );
  assert.throws(
    () => render("{{#each list}}\n{{name}}{{/each}}", { list }),
    /^Error: x\.hbs:2:1: name is not plain text/,
  );
  const print = compileTemplate<{ name: string }>("{{#eachHost}}\n {{nme}}{{/eachHost}}", "x.hbs");
  const page = { fields: {}, hosts: [{ name: "a" }], settings: {}, modelOf: (host: { name: string }) => host };
  assert.throws(() => print(page), /^Error: x\.hbs:2:2: nme is missing; did you mean name\?$/);
});

test("plain values are printed as they are", () => {
  assert.equal(
    render("{{#each hosts}}{{name}}:{{../port}} {{/each}}", {
      port: 80,
      hosts: [{ name: "*.a.example" }, { name: "[::1]" }],
    }),
    "*.a.example:80 [::1]:80 ",
  );
});

const hosts = [{ name: "a.example" }, { name: "b.example" }];

test("eachHost renders every host and requests the models of new hosts only", () => {
  const asked: string[] = [];
  const settings = {};
  const print = compileTemplate<{ name: string }>("{{#eachHost}}{{name}};{{/eachHost}}", "x.hbs");
  const page = (list: { name: string }[]) => ({
    fields: {},
    hosts: list,
    settings,
    modelOf: (host: { name: string }) => (asked.push(host.name), { name: host.name }),
  });
  assert.equal(print(page(hosts)).toString(), "a.example;b.example;");
  assert.equal(print(page([...hosts, { name: "c.example" }])).toString(), "a.example;b.example;c.example;");
  assert.deepEqual(asked, ["a.example", "b.example", "c.example"]);
});

for (const outside of [
  "{{../port}}",
  "{{@root.port}}",
  "{{#each list}}{{../../port}}{{/each}}",
  "{{@index}}",
  "{{#eachHost}}{{/eachHost}}",
]) {
  test(`${outside} inside eachHost is rejected, because the cached text could be stale`, () => {
    assert.throws(() => compileTemplate(`{{#eachHost}}${outside}{{/eachHost}}`, "x.hbs"), {
      code: "template.forbidden",
    });
  });
}

for (const within of ["{{name}}", "{{#if name}}{{name}}{{/if}}", "{{#each list}}{{../name}}{{@index}}{{/each}}"]) {
  test(`${within} inside eachHost is accepted as the host's own`, () => {
    assert.doesNotThrow(() => compileTemplate(`{{#eachHost}}${within}{{/eachHost}}`, "x.hbs"));
  });
}

/** A thousand names, in nested loops. */
const names = Array.from({ length: 1_000 }, (_none, index) => `name${index}`);
const loops = (inside: string, depth: number): string =>
  `{{#each names}}${"{{#each @root.names}}".repeat(depth - 1)}${inside}${"{{/each}}".repeat(depth)}`;

test("an endless template fails within the time limit of a page", () => {
  const began = performance.now();
  assert.throws(() => render(loops("", 5), { names }), {
    code: "template.render",
    message: /x\.hbs: takes longer than/,
  });
  assert.ok(performance.now() - began < 20_000);
});

test("a template with too much output fails before the output fills the memory", () => {
  assert.throws(() => render(loops("{{@root.names.[0]}}".repeat(100), 2), { names }), {
    code: "template.render",
    message: /renders more than 16777216 characters|takes longer than/,
  });
});

test("loops inside eachHost are bounded too", () => {
  const text = `{{#eachHost}}${"{{#each list}}".repeat(1)}{{#each ../list}}{{#each ../../list}}{{#each ../../../list}}{{/each}}{{/each}}{{/each}}{{/each}}{{/eachHost}}`;
  const print = compileTemplate<{ name: string }>(text, "x.hbs");
  const page = { fields: {}, hosts: [{ name: "a" }], settings: {}, modelOf: () => ({ list: names }) };
  assert.throws(() => print(page), /x\.hbs: takes longer than 2002 ms/);
});

for (const text of [
  "{{#if a}}".repeat(9_000),
  `{{#if ${"(if ".repeat(20_000)}a${")".repeat(20_000)}}}{{/if}}`,
  `{{#if a}}a${"{{else if b}}b".repeat(9_000)}{{/if}}`,
  "{{a}}".repeat(30_000),
]) {
  test(`${text.slice(0, 14)} … is rejected before the parser spends minutes on it`, () => {
    const began = performance.now();
    assert.throws(() => compileTemplate(text, "x.hbs"), /^Error: x\.hbs:1:[0-9]+: (?:nested deeper|more than)/);
    assert.ok(performance.now() - began < 5_000);
  });
}

for (const [text, message] of [
  ["{{#eachHosts}}{{/eachHosts}}", /^Error: x\.hbs:1:1: "eachHosts" is not a block; .*; did you mean eachHost\?$/],
  [
    "a\n{{#if (regexMatch '(' a)}}{{/if}}",
    /^Error: x\.hbs:2:7: unknown helper "regexMatch": helpers are for targets with `format`$/,
  ],
  ["{{#each a b}}{{/each}}", /^Error: x\.hbs:1:1: each takes one value/],
  ["{{#if a}}\n{{#each b}}\n{{/if}}", /^Error: x\.hbs:2:4: \{\{#each\}\} is closed by \{\{\/if\}\}$/],
  ["x\n{{#if a}}\ny", /^Error: x\.hbs:2:1: \{\{#if\}\} is never closed$/],
] as const) {
  test(`${JSON.stringify(text)} is rejected with line, column and a suggestion`, () => {
    assert.throws(() => compileTemplate(text, "x.hbs"), message);
  });
}

test("a template above the size limit is rejected", () => {
  assert.throws(() => compileTemplate("x".repeat(300_000), "x.hbs"), { code: "template.size" });
});

const GOOD = readFileSync("renderer/renderer.yml", "utf8");

test("the shipped configuration is valid", () => {
  const config = parseConfig(GOOD, "renderer.yml");
  assert.ok(!("problems" in config));
  assert.deepEqual(config.targets[0]?.wait, { minMs: 100, maxMs: 1_000 });
});

const mistakes: readonly [string, (good: string) => string, RegExp][] = [
  [
    "an unknown key",
    (good) => good.replace("onlyExposed:", "onlyExpose:"),
    /^c\.yml:[0-9]+:5: .*unknown key "onlyExpose"; did you mean "onlyExposed"/,
  ],
  ["an unknown key at the top", (good) => `${good}agent: []\n`, /unknown key "agent"; did you mean "agents"/],
  [
    "a wrong duration",
    (good) => good.replace("100ms:1s", "fast"),
    /^c\.yml:[0-9]+:[0-9]+: .*must be MIN:MAX, .*, not "fast"/,
  ],
  ["a reload of an unknown kind", (good) => good.replace("channel:", "chanel:"), /reload.*(channel|chanel)/],
  [
    "a deadly signal",
    (good) => good.replace("channel: /run/sallyport/reload", "signal: { process: nginx, signal: SIGKILL }"),
    /^c\.yml:[0-9]+:[0-9]+: targets\.0\.reload\.signal\.signal: .*SIGHUP.*, not "SIGKILL"/,
  ],
  [
    "a path that is not absolute",
    (good) => good.replace("/etc/nginx/conf.d/default.conf", "default.conf"),
    /destination: must be an absolute path, not "default.conf"/,
  ],
  [
    "a socket's path that is too long",
    (good) => good.replace("/run/sallyport/agent/rpc.sock", `/${"x".repeat(107)}`),
    /108 bytes, but the path of a Unix socket has at most 107/,
  ],
  ["no target", (good) => good.replace(/^targets:[\s\S]*$/m, "targets: []\n"), /targets/],
  ["no agent", (good) => good.replace(/^agents:\n.*\n/m, ""), /agents: is missing; it must be a list/],
  [
    "a misspelled word",
    (good) => good.replace("reload:", "format: ngnix\n    reload:"),
    /"ngnix"; did you mean "nginx"\?/,
  ],
  ["broken YAML", (good) => `${good}\n  - [`, /^c\.yml:[0-9]+:[0-9]+/],
  ["an invalid port", (good) => good.replace("listen: 8080", "listen: 80800"), /listen/],
];
for (const [title, spoil, message] of mistakes) {
  test(`${title} is reported with its place`, () => {
    const parsed = parseConfig(spoil(GOOD), "c.yml");
    assert.ok("problems" in parsed);
    assert.match(parsed.problems.join("\n"), message);
  });
}

test("a value in quotes that touches other text of a template is an error with its place", () => {
  const evil = quoted("up; } location /evil { return 200 evil; } location /z { add_header X y");
  const hosts = compileTemplate<object>("{{#eachHost}}\nlocation app-{{path}} {}\n{{/eachHost}}", "x.hbs");
  const page = { fields: {}, hosts: [{}], settings: {}, modelOf: () => ({ path: evil }) };
  assert.throws(
    () => hosts(page),
    /^Error: x\.hbs:2:14: path is in quotes, and touches other text; write a space between them$/,
  );
  for (const text of [
    "app-{{path}};",
    "{{path}}app;",
    "{{path}}{{path}};",
    "'{{path}}';",
    '"{{path}}";',
    "\\{{path}};",
  ]) {
    assert.throws(
      () => render(`x ${text}`.replace("\\{{", "\\\\{{"), { path: evil }),
      /^Error: x\.hbs:1:[0-9]+: path /,
      text,
    );
  }
  assert.equal(render("x {{path}}; # '{{path}}", { path: quoted("a b") }), `x "a b"; # '"a b"`);
});
