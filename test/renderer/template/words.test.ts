import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fc } from "../../property.ts";
import { parse as parseToml } from "smol-toml";
import { parseAllDocuments } from "yaml";
import { compileContainerTemplate, type Rendering } from "../../../renderer/template/container-template.ts";
import type { FormatName } from "../../../renderer/template/formats/format-table.ts";
import { TemplateError } from "../../../renderer/template/template-error.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { HOSTILE, hostileText } from "../structure/hostile.ts";
import { haproxyLines, nginxDirectives } from "./configuration-tokens.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-words-"));
after(async () => await removeDirectory(directory));

/** Values whose words are compared with those of a container's values. */
const MARKS = { a: "Zqa1z", b: "Zqb2z" };

/** Values, alone and in every way in which they can touch something. */
const VALUES = ["{{a}}", "{{b}}", "{{inner a}}", "{{inner b}}", '"{{inner a}}"', '"x {{inner b}} y"', "{{~a~}}"];

/** Ways to hide that two things are adjacent. */
const WRAPPERS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `{{#if yes}}${text}{{/if}}`,
  (text) => `{{#unless yes}}x{{else}}${text}{{/unless}}`,
  (text) => `{{#each (list 1 2)}}${text.replace(/\b([ab])(?=~?\}\})/g, "../$1")}{{/each}}`,
  (text) => `{{! a comment }}${text}{{~! another }}`,
  (text) => `{{#with this}}${text}{{~/with}}`,
  (text) => `{{> part}}${text}`,
];

/** A word of a template: values and text of the format next to each other. */
function word(text: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...VALUES) },
    { weight: 2, arbitrary: fc.constantFrom("app-", ".x", ":", "/", " ", ...text) },
  );
  return fc
    .array(fc.tuple(fc.constantFrom(...WRAPPERS), piece), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map(([wrapper, part]) => wrapper(part)).join(""));
}

type Labels = typeof MARKS;

/** Compiles a template for one container with the labels that it is given. Undefined if the template is rejected. */
function compile(format: FormatName, text: string): ((labels: Labels) => Rendering) | undefined {
  const part = '{{#*inline "part"}}{{a}}{{/inline}}';
  const whole = `${part}{{#each containers}}{{#with labels}}\n${text}\n{{/with}}{{/each}}`;
  try {
    const render = compileContainerTemplate({ templates: [{ file: "t.hbs", text: whole }], format });
    return (labels) => render([{ labels: { ...labels, yes: true } }]);
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

/** Whether a shell prints the number of its process, or runs a command in the background, which prints at any time. */
function hasOtherProcess(text: string): boolean {
  return text.includes("$$") || text.replaceAll(/\\.|&&/gs, "").includes("&");
}

/** The parsed text with values in place of the marks. */
function filled(parsed: unknown, labels: Labels): unknown {
  if (typeof parsed === "string") return parsed.replaceAll(MARKS.a, () => labels.a).replaceAll(MARKS.b, () => labels.b);
  if (Array.isArray(parsed)) return parsed.map((item) => filled(item, labels));
  if (parsed instanceof Map)
    return new Map([...parsed].map(([key, value]) => [filled(key, labels), filled(value, labels)]));
  return parsed;
}

/** Objects as maps, so that no name of a field has a meaning. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [plain(key), plain(item)]));
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

interface Case {
  readonly format: FormatName;
  /** Text of the format that gives values a new meaning if they touch it. */
  readonly text: readonly string[];
  /** A template of these words. */
  readonly lines: (words: readonly string[]) => string;
  /** The values that the program reads; undefined if it rejects the text. */
  readonly parse: (text: string) => unknown;
  readonly runs: number;
  readonly needs?: string;
}

const attempt = (parse: () => unknown): unknown => {
  try {
    return plain(parse());
  } catch {
    return undefined;
  }
};

const sh = (text: string): unknown => {
  const { status, stdout, stderr } = spawnSync("sh", { input: text, encoding: "utf8", cwd: directory });
  return status === 0 && stderr === "" ? stdout.split("\0") : undefined;
};

const adapted = (text: string): unknown => {
  const file = join(directory, "Caddyfile");
  writeFileSync(file, text);
  const { status, stdout } = spawnSync("caddy", ["adapt", "--adapter", "caddyfile", "--config", file], {
    encoding: "utf8",
    env: { ...process.env, HOME: directory },
  });
  return status === 0 ? plain(JSON.parse(stdout)) : undefined;
};

const CASES: readonly Case[] = [
  {
    format: "nginx",
    text: ['"', "'", "\\", "$", "${x}", "$x", "${", "}", "{", ";", "#", " # ", ")", "(", '"x"', "~*", "\n", '"a b"'],
    lines: (words) => words.map((one) => `add_header X ${one};`).join("\n"),
    parse: nginxDirectives,
    runs: 2_000,
  },
  {
    format: "haproxy",
    text: ['"', "'", "\\", "$X", "${", "%[", "%", "{", "}", "#", " # ", '"x"', "'x y'", "(", ",", "\\ ", "\n"],
    lines: (words) => words.map((one) => `acl x path -- ${one}`).join("\n"),
    parse: haproxyLines,
    runs: 2_000,
  },
  {
    format: "caddyfile",
    text: ['"', "`", "\\", "{x}", "{", "#", " # ", "<<X", '"x"', "`y z`", "\\\n", "import", "("],
    lines: (words) => `:1 {\n${words.map((one) => `\trespond /x ${one} 200`).join("\n")}\n}\n`,
    parse: adapted,
    runs: 80,
    needs: "caddy",
  },
  {
    format: "shell",
    text: [
      '"',
      "'",
      "\\",
      "$X",
      "${X}",
      "${X:-y}",
      "${",
      "$",
      "~",
      "#",
      " # ",
      "`",
      "$(echo x)",
      '"$(echo x)"',
      '"$(echo ',
      "<<E",
      "=",
      "X=",
      ";",
      "&&",
      "|",
      "2>",
      "(",
      ")",
      "\\\n",
      "\n",
      '"x"',
      "'x y'",
      "$((1",
    ],
    lines: (words) => `one() { printf '%s\\0' "$@"; }\n${words.map((one) => `one ${one}`).join("\n")}\n`,
    parse: sh,
    runs: 250,
  },
  {
    format: "yaml",
    text: [
      '"',
      "'",
      "\\",
      "#",
      " #",
      "- ",
      "? ",
      ": ",
      ":",
      "[",
      "]",
      "{",
      "}",
      ",",
      "&x",
      "*x",
      "!x",
      "|\n",
      ">-\n  ",
      "\n",
      "\n  ",
      "%",
      "x: ",
    ],
    lines: (words) => words.map((one, at) => `k${at}: ${one}`).join("\n"),
    parse: (text) =>
      attempt(() => {
        const documents = parseAllDocuments(text, { logLevel: "silent", uniqueKeys: false });
        if (documents.some(({ errors }) => errors.length > 0)) throw new Error("invalid");
        return documents.map((document) => document.toJS({ mapAsMap: true }) as unknown);
      }),
    runs: 2_000,
  },
  {
    format: "json",
    text: ['"', "'", "\\", ",", ":", "[", "]", "{", "}", '"x"', "1", "true", "\n", '":'],
    lines: (words) => `{${words.map((one, at) => `"k${at}": ${one}`).join(",")}}`,
    parse: (text) => attempt(() => JSON.parse(text)),
    runs: 2_000,
  },
  {
    format: "toml",
    text: ['"', "'", "\\", "#", " #", ",", "[", "]", "{", "}", "=", ".", '"""', "'''", "1", "\n", "x = "],
    lines: (words) => words.map((one, at) => (one.length % 2 === 0 ? `k${at} = ${one}` : `${one} = ${at}`)).join("\n"),
    parse: (text) => attempt(() => parseToml(text)),
    runs: 2_000,
  },
  {
    format: "hosts",
    text: ["#", " #", "\n", "=", ","],
    lines: (words) => words.map((one) => `10.0.0.1 ${one}`).join("\n"),
    parse: (text) => text.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/)),
    runs: 2_000,
  },
];

describe("a value is exactly one value for the program that reads the file, wherever it is in a template", () => {
  for (const { format, text, lines, parse, runs, needs } of CASES) {
    test(format, { skip: needs === undefined ? false : requires(needs) }, () => {
      const value = fc.oneof(
        {
          weight: 3,
          arbitrary: fc.constantFrom(
            ...HOSTILE.filter((one) => one.length < 200),
            ...text,
            "",
            "a b",
            "up; } x {",
            "x #y",
          ),
        },
        { weight: 2, arbitrary: hostileText },
        { weight: 2, arbitrary: fc.constantFrom("a.example", "80", "true", "null", "if", "default") },
      );
      let compared = 0;
      fc.assert(
        fc.property(
          fc.array(word(text), { minLength: 1, maxLength: 2 }),
          fc.record({ a: value, b: value }),
          (words, labels) => {
            const template = lines(words);
            const render = compile(format, template);
            const [made, marked] = [render?.(labels), render?.(MARKS)];
            if (made?.kind !== "text" || marked?.kind !== "text") return;
            if (format === "shell" && hasOtherProcess(marked.text)) return;
            const expected = parse(marked.text);
            if (expected === undefined) return;
            compared++;
            assert.deepEqual(parse(made.text), filled(expected, labels), JSON.stringify({ template, made: made.text }));
          },
        ),
        { numRuns: runs },
      );
      assert.ok(compared > runs / 100, `${compared} of ${runs} were compared`);
    });
  }
});
