import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Container } from "../../../shared/snapshot.ts";
import { containerView, inOrder } from "../../../renderer/template/container-view.ts";
import { compileContainerTemplate, type Rendering } from "../../../renderer/template/container-template.ts";
import { HELPERS } from "../../../renderer/template/helper-table.ts";
import { TemplateError } from "../../../renderer/template/template-error.ts";
import { container } from "../fake-agent.ts";

const known = (digit: string, fields: Partial<Container> = {}) => ({
  agent: "/agent.sock",
  dockerHost: "one",
  container: container(digit, fields),
});
const A = known("a", {
  labels: { tier: "web", "com.docker.compose.project": "shop", "com.docker.compose.config-hash": "0" },
  networks: [
    { name: "z", ipv4: "10.0.0.9" },
    { name: "back", ipv6: "fd00::1" },
    { name: "front", ipv4: "10.0.0.2" },
  ],
  ports: [{ port: 80, proto: "tcp", published: [{ ip: "0.0.0.0", port: 8080 }] }],
});
const B = known("b");

type Options = Partial<Parameters<typeof compileContainerTemplate>[0]>;

function render(text: string, list = [A, B], options: Options = {}): Rendering {
  const templates = [{ file: "t.hbs", text }, ...(options.templates ?? [])];
  return compileContainerTemplate({ format: "none", ...options, templates })(list.map(containerView));
}

function textOf(text: string, list = [A, B], options: Options = {}): string {
  const made = render(text, list, options);
  assert.equal(made.kind, "text", JSON.stringify(made));
  return made.kind === "text" ? made.text : "";
}

test("a template sees every known field of a container", () => {
  const template = [
    "{{#each containers}}{{shortId}} {{name}} {{host}} {{state}} {{env.VIRTUAL_HOST}}",
    "{{#if project}} {{project}}{{/if}}{{#if ip}} {{ip}}{{/if}}",
    "{{#if labels.tier}} {{labels.tier}} {{labels.[com.docker.compose.project]}}{{/if}}",
    "{{#each networks}} {{name}}{{/each}}{{#each ports}} {{port}}/{{proto}}",
    "{{#each published}} {{ip}}:{{port}}{{/each}}{{/each}};{{/each}}",
  ].join("");
  assert.equal(
    textOf(template),
    "aaaaaaaaaaaa appa one running a.example shop 10.0.0.2 web shop back front z 80/tcp 0.0.0.0:8080;" +
      "bbbbbbbbbbbb appb one running b.example;",
  );
});

test("containers are sorted by Docker host, then name", () => {
  const later = { ...known("0"), dockerHost: "two" };
  assert.deepEqual(
    inOrder([later, B, A]).map(({ container: { name } }) => name),
    ["appa", "appb", "app0"],
  );
});

test("a missing value is reported with its place and quarantines only its container", () => {
  assert.deepEqual(render("x\n  {{#each containers}}{{labels.tier}}{{/each}}"), {
    kind: "faults",
    faults: [{ index: 1, message: "t.hbs:2:23: labels.tier is missing" }],
  });
  assert.equal(textOf("{{#each containers}}{{#if labels.a.b}}{{labels.tier}}{{else}}-{{/if}}{{/each}}"), "--");
});

test("an error outside of every container is an error of the file", () => {
  assert.deepEqual(render("{{#with 1}}{{nothing}}{{/with}}"), {
    kind: "failed",
    message: "t.hbs:1:12: nothing is missing",
  });
  assert.match(
    JSON.stringify(render("{{#with 1}}{{#each nothing}}x{{/each}}{{/with}}")),
    /t\.hbs:1:12: the value of each is missing; add an \{\{else\}\}/,
  );
});

const forbidden: readonly [string, RegExp][] = [
  ["{{{name}}}", /^t\.hbs:1:1: unescaped/],
  ["a\n{{#containers}}{{/containers}}", /^t\.hbs:2:1: "containers" is not a block; blocks are if, unless, each, with$/],
  ["{{#raw 1}}{{/raw}}", /"raw" is not a block/],
  ["{{#eachHost}}{{/eachHost}}", /^t\.hbs:1:1: eachHost is a loop over nginx's hosts, for targets without `format`$/],
  ["{{shout name}}", /^t\.hbs:1:1: .*shout/],
  ["{{lookup . 'x'}}", /lookup/],
  ["{{log 'x'}}", /log/],
  ["{{> other}}", /unknown partial "other"; add its file to `template`$/],
  ["{{> (raw 'x')}}", /the name of a partial must be fixed/],
  ["{{#> x}}{{/x}}", /a partial cannot be a block/],
  ["{{#*inline x}}{{/inline}}", /decorators/],
  ["{{#*other 'x'}}{{/other}}", /decorators/],
  ["{{#if 1}}{{#*inline 'x'}}{{/inline}}{{/if}}", /^t\.hbs:1:10: an inline partial must be outside of every block/],
  ["{{#*inline 'x'}}{{/inline}}{{#*inline 'x'}}{{/inline}}", /another partial is named x/],
  ["{{#*inline 'x'}}{{> x}}{{/inline}}", /an inline partial cannot use a partial/],
  ["{{#*inline 'x'}}{{../a}}{{/inline}}", /inside an inline partial only the value passed to it/],
  ["{{#*inline 'x'}}{{@root.containers}}{{/inline}}", /inside an inline partial only the value passed to it/],
  ["{{#*inline 'line'}}{{/inline}}{{> lin}}", /^t\.hbs:1:31: unknown partial "lin"; did you mean line\?$/],
  ["{{> x a b}}", /a partial takes one value/],
  ["a\n  {{joinn ',' (list 1)}}", /^t\.hbs:2:3: unknown helper "joinn"; did you mean join\?$/],
  ["{{#each (wherre containers 'a' 'b')}}{{/each}}", /^t\.hbs:1:9: unknown helper "wherre"; did you mean where\?$/],
  ["{{env 'HOME'}}", /^t\.hbs:1:1: unknown helper "env"/],
  ["{{if.x 1}}", /unknown helper "if\.x"/],
  ["{{#if (nginxQuote 'x')}}{{/if}}", /unknown helper "nginxQuote"/],
  ["{{#eech containers}}{{/eech}}", /^t\.hbs:1:1: "eech" is not a block; .*; did you mean each\?$/],
  ["{{#if}}x{{/if}}", /^t\.hbs:1:1: if takes one value/],
  ["{{#each containers labels}}x{{/each}}", /^t\.hbs:1:1: each takes one value/],
  [
    "{{#each containers}}{{regexMatch '(' name}}{{/each}}",
    /^t\.hbs:1:21: regexMatch: "\(" is not a regular expression of RE2: .+/,
  ],
  ["{{#each containers}}{{#if (regexMatch 'a(?=b)' name)}}{{/if}}{{/each}}", /^t\.hbs:1:27: regexMatch: .* of RE2/],
  ["{{#each containers}}{{join ','}}{{/each}}", /^t\.hbs:1:21: join: LIST is missing; write join SEPARATOR LIST$/],
  ["{{#each containers}}{{trim name name}}{{/each}}", /^t\.hbs:1:21: trim: too many arguments; write trim TEXT$/],
  [
    "{{#each (matching containers nam='x')}}{{/each}}",
    /^t\.hbs:1:9: matching: unknown argument nam=, did you mean name=\?/,
  ],
  ["{{#each containers}}{{include}}{{/each}}", /include: NAME is missing/],
  ["{{#each contaners}}x{{/each}}", /^t\.hbs:1:9: contaners: a template has no such field; did you mean containers\?$/],
  [
    '{{#each (groupByMulti containers "Env.VIRTUAL_HOST" ",")}}x{{/each}}',
    /^t\.hbs:1:9: groupByMulti: "Env\.VIRTUAL_HOST": a container has no such field; did you mean env\?$/,
  ],
  [
    "{{len (where @root.containers 'labls.tier' 'web')}}",
    /^t\.hbs:1:7: where: "labls\.tier": a container has no such field; did you mean labels\?$/,
  ],
  ["{{#each containers}}{{nmae}}{{/each}}", /^t\.hbs:1:23: nmae: a container has no such field; did you mean name\?$/],
  ["{{#each containers}}{{#if (eq imag 'x')}}{{/if}}{{/each}}", /^t\.hbs:1:31: imag: .*did you mean image\?$/],
  ["{{#if}", /^t\.hbs:1:6: "\}" is not possible here; possible: \}\}/],
  ["a\nb {{#each containers}}\nc {{name}}\n", /^t\.hbs:2:3: \{\{#each\}\} is never closed$/],
  ["{{#if 1}}{{#each containers}}x{{/if}}", /^t\.hbs:1:13: \{\{#each\}\} is closed by \{\{\/if\}\}$/],
  ["a {{!-- b", /^t\.hbs:1:3: this comment is never closed$/],
  ["a {{name", /^t\.hbs:1:3: this tag is never closed$/],
  ["x {{}}", /^t\.hbs:1:5: "\}\}" is not possible here; possible: a name/],
  ["a\nb\0", /^t\.hbs:2:2: a NUL character is not text$/],
  ["{{#if 1}}".repeat(9_000), /^t\.hbs:1:[0-9]+: nested deeper than 200$/],
  [`{{join ${"(list ".repeat(20_000)}1${")".repeat(20_000)}}}`, /^t\.hbs:1:1: nested deeper than 200$/],
  [`{{#if 1}}a${"{{else if 1}}b".repeat(9_000)}{{/if}}`, /^t\.hbs:1:[0-9]+: nested deeper than 200$/],
  ["{{1}}".repeat(30_000), /^t\.hbs:1:50001: more than 10000 tags$/],
];
for (const [text, message] of forbidden) {
  test(`${JSON.stringify(text)} is rejected when the template is read`, () => {
    assert.throws(
      () => render(text),
      (error) => error instanceof TemplateError && message.test(error.message),
    );
  });
}

for (const path of [
  "constructor",
  "labels.constructor",
  "containers.push",
  "__proto__",
  "valueOf",
  "env.__proto__.x",
]) {
  test(`${path} does not exist`, () => {
    if (path.startsWith("containers.")) assert.match(JSON.stringify(render(`{{${path}}}`)), /is missing/);
    else assert.throws(() => render(`{{${path}}}`), /^Error: t\.hbs:1:3: .*: a template has no such field/);
    assert.match(
      JSON.stringify(render(`{{#each (list containers)}}{{#each this}}{{${path}}}{{/each}}{{/each}}`)),
      /is missing/,
    );
  });
}

test("an inline partial renders the value passed to it, and a failure quarantines its container", () => {
  const inline = "{{#*inline 'tier'}}<{{#each list}}{{this}}{{@index}}{{../tier}}{{/each}}{{tier}}>{{/inline}}";
  assert.equal(textOf(`${inline}{{#with (dict "tier" "a" "list" (list "x"))}}{{> tier}}{{/with}}`), "<x0aa>");
  assert.deepEqual(render(`${inline}{{#each containers}}{{> tier labels}}{{/each}}`, [B]), {
    kind: "faults",
    faults: [{ index: 0, message: "t.hbs:1:21: the value of each is missing; add an {{else}} if it may be" }],
  });
});

test("the other templates of a target are partials, named by their file name up to its first dot", () => {
  const templates = [{ file: "/x/line.json.hbs", text: "<{{name}}>" }];
  assert.equal(textOf("{{#each containers}}{{> line}}{{/each}}", [A, B], { templates }), "<appa><appb>");
  const endless = [{ file: "again.hbs", text: "{{> again}}" }];
  assert.match(JSON.stringify(render("{{> again}}", [A], { templates: endless })), /nested too deep/);
});

test("values are quoted once: quotes of the template around them are rejected, except around inner", () => {
  const json = { format: "json" } as const;
  assert.equal(
    textOf('[{{#each containers}}{{name}},{{/each}} "{{inner (raw 1)}}"]'.replace("(raw 1)", "1"), [A], json),
    '["appa", "1"]',
  );
  assert.equal(textOf('{{#each containers}}"x{{inner name}}:{{inner 80}}"{{/each}}', [A], json), '"xappa:80"');
  for (const text of [
    '"{{x}}"',
    'a "b{{x}}',
    "'{{x}}'",
    "{{inner x}}",
    '""{{inner x}}',
    '"\n{{inner x}}',
    '"{{#if x}}{{x}}{{/if}}"',
  ]) {
    assert.throws(() => render(text, [A], json), { code: "template.forbidden" }, text);
  }
  assert.doesNotThrow(() => render('"{{raw 1}}"', [A], json));
});

const EVIL = "up; } location /evil { return 200 evil; } location /z { add_header X y";

test("a value that touches other text and needs quotes quarantines its container, and the message has the remedy", () => {
  const nginx = { format: "nginx" } as const;
  const text = "{{#each containers}}\nadd_header X-Group app-{{labels.[app.group]}};\n{{/each}}";
  const labelled = (value: string) => known("a", { labels: { "app.group": value } });
  assert.deepEqual(render(text, [labelled(EVIL), known("b", { labels: { "app.group": "web" } })], nginx), {
    kind: "faults",
    faults: [
      {
        index: 0,
        message:
          't.hbs:2:24: labels.app.group is "up; } location /evil { return 200 evil; } location /z { add_h...", which ' +
          'needs quotes, because it touches other text; write "app-{{inner labels.[app.group]}}"',
      },
    ],
  });
  assert.equal(textOf(text, [labelled("web")], nginx), "add_header X-Group app-web;\n");
  const remedy = text.replace("app-{{labels.[app.group]}}", '"app-{{inner labels.[app.group]}}"');
  assert.equal(textOf(remedy, [labelled(EVIL)], nginx), `add_header X-Group "app-${EVIL}";\n`);
});

test("a value touches other text across blocks, partials, comments and white space control", () => {
  const nginx = { format: "nginx" } as const;
  const inline = '{{#*inline "p"}}app-{{/inline}}';
  for (const touching of [
    "{{#if name}}app-{{/if}}{{labels.x}}",
    "{{labels.x}}{{#unless env.X}}app{{/unless}}",
    "app- {{~labels.x}}",
    "app-{{! no space }}{{labels.x}}",
    "{{> p}}{{labels.x}}",
    "{{#each (list 1 2)}}{{../labels.x}}{{/each}}",
    "{{labels.x}}{{#with labels}}{{x}}{{/with}}",
    "{{raw 'app-'}}{{labels.x}}",
  ]) {
    const text = `${inline}{{#each containers}}set $x ${touching};\n{{/each}}`;
    const made = render(text, [known("a", { labels: { x: EVIL } })], nginx);
    assert.ok(made.kind === "faults" && made.faults.length === 1, `${touching}: ${JSON.stringify(made)}`);
  }
});

test("a template in which a value can never be where it is, is rejected with the remedy when it is read", () => {
  for (const [format, text, message] of [
    ["json", '{"a": app-{{name}} }', /name needs quotes, .* write "app-\{\{inner name\}\}"$/],
    ["yaml", "a: http://{{name}}/", /name needs quotes, .* write "http:\/\/\{\{inner name\}\}\/"$/],
    ["yaml", "a: |\n  {{name}}\n", /name needs quotes, because it touches other text/],
    ["toml", "a = {{name}}-b", /name needs quotes, .* write "\{\{inner name\}\}-b"$/],
    ["nginx", "log_format x 'a {{name}}';", /name cannot be in quotes other than double ones$/],
    ["nginx", "set $x $host{{name}};", /name would be part of a variable or an expression$/],
    ["nginx", "set $x a\\\\{{name}};", /name cannot follow a backslash$/],
    ["nginx", 'set $x "$host{{inner name}}";', /inner would be part of a variable or an expression$/],
    ["nginx", "content_by_lua_block { ngx.print([[ {{name}} ]]) }", /name cannot be here/],
    ["shell", "cat <<EOF\n{{name}}\nEOF\n", /name cannot be here: it is not certain how "<" before it ends$/],
    ["shell", 'echo "$(grep "{{inner name}}" x)"', /cannot be here/],
    ["shell", "echo `grep {{name}} x`", /cannot be here/],
    // Arithmetic of bash, which runs a command in an index.
    ["shell", "echo $[ {{name}} ]", /cannot be here/],
    ["shell", 'echo "$[ {{inner name}} ]"', /cannot be here/],
    ["haproxy", 'http-request set-header X "%[str({{inner name}})]"', /inner would be part of a variable/],
    ["caddyfile", "respond `{{inner name}}`", /inner cannot be in quotes other than double ones$/],
    ["caddyfile", 'respond "{env.{{inner name}} }"', /inner would be part of a variable or an expression$/],
  ] as const) {
    assert.throws(
      () => render(`{{#each containers}}${text}{{/each}}`, [], { format }),
      { message },
      `${format}: ${text}`,
    );
  }
});

test("a value that means something else with the text next to it quarantines its container", () => {
  for (const [format, text, a, b] of [
    ["nginx", "map $host $x {\n{{labels.a}} {{labels.b}};\n}", "include", "/etc/nginx/certs/key.pem"],
    ["nginx", 'map $host $x {\n"{{inner labels.a}}" {{labels.b}};\n}', "include", "/etc/nginx/certs/key.pem"],
    ["nginx", "map $host $x {\n{{labels.a}}{{labels.b}} x;\n}", "incl", "ude"],
    ["haproxy", 'http-request set-header X "{{inner labels.a}}{{inner labels.b}}"', "%", "[env(SECRET)]"],
    ["haproxy", 'http-request set-header X "{{inner labels.a}}[env(SECRET)]"', "100%", ""],
  ] as const) {
    const made = render(`{{#each containers}}${text}{{/each}}`, [known("a", { labels: { a, b } })], { format });
    assert.ok(made.kind === "faults" && made.faults.length === 1, `${text}: ${JSON.stringify(made)}`);
  }
});

test("raw prints a value as it is and rejects control characters", () => {
  const shell = { format: "shell" } as const;
  const withEnv = (value: string) => [known("a", { env: { X: value } })];
  assert.equal(textOf("{{#each containers}}{{raw env.X}}{{/each}}", withEnv("a b\n\t;"), shell), "a b\n\t;");
  assert.match(
    JSON.stringify(render("{{#each containers}}{{raw env.X}}{{/each}}", withEnv("a\u0007"), shell)),
    /control character/,
  );
});

const directory = mkdtempSync(join(tmpdir(), "sallyport-include-"));
after(() => rmSync(directory, { recursive: true }));

test("include reads only text files below its directory", () => {
  const includes = join(directory, "in");
  mkdirSync(join(includes, "deep"), { recursive: true });
  writeFileSync(join(includes, "deep", "a.txt"), "{{not a template}} é\n");
  writeFileSync(join(directory, "secret"), "secret");
  writeFileSync(join(directory, "in-beside"), "secret");
  writeFileSync(join(includes, "binary"), Buffer.from([0xff, 0xfe]));
  writeFileSync(join(includes, "large"), "x".repeat(1024 * 1024 + 1));
  symlinkSync(join(directory, "secret"), join(includes, "link"));
  execFileSync("mkfifo", [join(includes, "fifo")]);
  const options = { includes, format: "json" } as const;
  assert.equal(textOf("{{include 'deep/a.txt'}}", [], options), "{{not a template}} é\n");
  assert.equal(textOf("{{exists 'deep/a.txt'}} {{exists 'none'}}", [], options), "true false");
  for (const name of [
    "../secret",
    "link",
    "fifo",
    "../in-beside",
    "deep",
    "binary",
    "large",
    "none",
    "/etc/passwd",
    ".",
  ]) {
    assert.match(JSON.stringify(render(`{{include '${name}'}}`, [], options)), /"failed".*t\.hbs:1:1: include: /, name);
  }
  assert.match(JSON.stringify(render("{{include 'a'}}")), /has no `includes` directory/);
});

test("no helper hides a field of a container by its name", () => {
  const full = {
    startedAt: 1,
    image: "x",
    labels: {
      "com.docker.compose.project": "p",
      "com.docker.compose.service": "s",
      "com.docker.compose.config-hash": "0",
    },
  };
  const view = containerView(known("a", { ...full, networks: [{ name: "a", ipv4: "10.0.0.1" }] }));
  const fields = ["containers", "ipv4", "ipv6", "port", "proto", "published", ...Object.keys(view)];
  assert.equal(fields.length, 6 + 20);
  assert.deepEqual(
    HELPERS.filter(({ name }) => fields.includes(name)),
    [],
  );
});
