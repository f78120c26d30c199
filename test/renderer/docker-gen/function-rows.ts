import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutBlankLines } from "../../../renderer/targets/blank-lines.ts";
import { compileContainerTemplate } from "../../../renderer/template/container-template.ts";
import { printed, printedOf, refusal } from "./printing.ts";
import type { Topic } from "./row.ts";

/** The output of a template with an `includes` directory of one file, `there`. */
function withFiles(template: string): string {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-includes-"));
  try {
    mkdirSync(join(directory, "inside"));
    writeFileSync(join(directory, "inside", "there"), "its text\n");
    const includes = join(directory, "inside");
    const render = compileContainerTemplate({
      templates: [{ file: "t.hbs", text: template }],
      format: "none",
      includes,
    });
    const made = render([]);
    return made.kind === "text" ? made.text : made.kind === "failed" ? made.message : made.kind;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The output of a template with the partial `part`. */
function withPartial(text: string, part: string): string {
  const templates = [
    { file: "t.hbs", text },
    { file: "part.hbs", text: part },
  ];
  const made = compileContainerTemplate({ templates, format: "none" })([{ name: "web" }]);
  return made.kind === "text" ? made.text : made.kind;
}

const blankless = (text: string) => withoutBlankLines(Buffer.from(text)).toString();

export const functions: Topic = {
  name: "Functions",
  rows: [
    {
      shows: "comment before each line of JSON; contains with strings and numbers as keys, another type, and a nil map",
      here: 'The same; keys of records are texts, so 1 and "1" are one key. A missing record contains nothing.',
      run: () => {
        assert.equal(printed('{{comment "# " (toPrettyJson (dict "a" 1))}}'), '# {\n#   "a": 1\n# }');
        const has = (call: string) => printedOf(`{{contains it ${call}}}`, { a: "x", 1: "y" });
        assert.deepEqual([has('"a"'), has("1"), has('"1"'), has('"b"')], ["true", "true", "true", "false"]);
        assert.equal(printed('{{contains nothing "a"}}'), "false");
        assert.equal(printed('{{contains (list "a") "a"}}'), "true");
      },
    },
    {
      shows: "keys of a map, an empty one and a nil one",
      here: "The same, sorted by code points; docker-gen's order is random.",
      run: () => {
        assert.equal(printed('{{join "," (keys (dict "b" 1 "a" 2))}}'), "a,b");
        assert.deepEqual([printed("{{len (keys (dict))}}"), printed("{{len (keys nothing)}}")], ["0", "0"]);
      },
    },
    {
      shows:
        "include returns the text of a file, or an empty string if it does not exist; dir returns the sorted names of a directory, or an empty list",
      here: "`include` reads files below the target's `includes` only and fails for a missing file, for which `exists` tests. `dir` returns a path without its last part: templates cannot list directories.",
      run: () => {
        assert.equal(withFiles('{{include "there"}}'), "its text\n");
        assert.match(withFiles('{{include "none"}}'), /t\.hbs:1:1: include: include "none": ENOENT/);
        assert.equal(withFiles('{{#if (exists "none")}}{{include "none"}}{{else}}-{{/if}}'), "-");
        assert.match(withFiles('{{include "../../etc/passwd"}}'), /include/);
        assert.deepEqual([printed('{{dir "/etc/nginx/mime.types"}}'), printed('{{dir ""}}')], ["/etc/nginx", "."]);
      },
    },
    {
      shows:
        "intersect of lists with none, one and two in common; splitN into two, with a long rest, without the separator",
      here: "The same; intersect keeps the order of its first list.",
      run: () => {
        const both = (left: string, right: string) =>
          printed(`{{join "," (intersect (list ${left}) (list ${right}))}}`);
        assert.deepEqual(
          [both('"a"', '"b"'), both('"a" "b"', '"b" "c"'), both('"b" "a"', '"a" "b"')],
          ["", "b", "b,a"],
        );
        const parts = (text: string) => printed(`{{#each (splitN "${text}" "," 2)}}<{{this}}>{{/each}}`);
        assert.deepEqual([parts("a,b"), parts("a,b,c"), parts("a")], ["<a><b>", "<a><b,c>", "<a>"]);
      },
    },
    {
      shows:
        "parseJson of null, true, numbers, an array, an object; queryEscape of plain text, a leading dot, `*` and an expression",
      run: () => {
        const again = (text: string) => printed(`{{json (parseJson '${text}')}}`);
        assert.deepEqual(["null", "true", "1", "0.5", '{"a":1}', "[1,2]"].map(again), [
          "null",
          "true",
          "1",
          "0.5",
          '{"a":1}',
          "[1,2]",
        ]);
        const escaped = (text: string) => printedOf("{{queryEscape it}}", text);
        assert.deepEqual(["example.com", ".example.com", "*.example.com", String.raw`~^a\.b.*$`].map(escaped), [
          "example.com",
          ".example.com",
          "%2A.example.com",
          "~%5Ea%5C.b.%2A%24",
        ]);
      },
    },
    {
      shows:
        "closest with the text itself, a part of it, and none; when as a call and at the end of a pipe; coalesce skips nil",
      here: "The same without pipes: the condition is always the first argument. `coalesce` skips empty texts too.",
      run: () => {
        const closest = (text: string) => printed(`{{closest (list "foo.fo.com" "bar.com" "www.com") "${text}"}}`);
        assert.deepEqual(
          [closest("foo.fo.com"), closest("a.bar.com.b"), closest("none")],
          ["foo.fo.com", "bar.com", ""],
        );
        assert.equal(printed('{{when (eq 1 1) "yes" "no"}} {{when false "yes" "no"}}'), "yes no");
        assert.deepEqual(
          [printed('{{coalesce nothing "second"}}'), printed('{{coalesce "" "second"}}')],
          ["second", "second"],
        );
      },
    },
    {
      shows: "fromYaml and toYaml, also of JSON",
      run: () => {
        const read = (text: string) => printedOf("{{json (fromYaml it)}}", text);
        assert.deepEqual([read("a: 1\nb: [x, y]\n"), read('{"a": 1}')], ['{"a":1,"b":["x","y"]}', '{"a":1}']);
        assert.equal(printed('{{toYaml (dict "a" (dict "b" (list 1 2)))}}'), "a:\n    b:\n        - 1\n        - 2\n");
      },
    },
    {
      shows:
        "eval of a missing template is an error; its data is nil without an argument, or its argument; more arguments are an error",
      here: "Write a partial. Its name is fixed, so a missing one is rejected when the template is read. It sees the surrounding value, or the value passed to it.",
      run: () => {
        assert.match(refusal("{{> none}}"), /t\.hbs:1:1: unknown partial "none"/);
        assert.equal(withPartial("{{#each containers}}{{> part}}{{/each}}", "<{{name}}>"), "<web>");
        assert.equal(withPartial("{{> part (first containers)}}", "<{{name}}>"), "<web>");
        assert.match(refusal("{{> part 1 2}}"), /t\.hbs:1:1/);
        assert.match(refusal('{{eval "part"}}'), /t\.hbs:1:1: .*eval/);
      },
    },
    {
      shows: "dict and index, missing and nested; first and last of lists; hasPrefix and hasSuffix; trim",
      run: () => {
        const record = '(dict "a" (dict "b" "deep"))';
        assert.equal(
          printed(`{{index ${record} "a" "b"}} {{#if (index ${record} "x" "b")}}x{{else}}-{{/if}}`),
          "deep -",
        );
        assert.equal(printed('{{first (list "a" "b")}}{{last (list "a" "b")}}{{default "-" (first (list))}}'), "ab-");
        assert.equal(
          printed('{{hasPrefix "a" "ab"}} {{hasSuffix "b" "ab"}} {{hasPrefix "b" "ab"}}'),
          "true true false",
        );
        assert.equal(printed('<{{trim "  a b  "}}>'), "<a b>");
      },
    },
    {
      shows:
        "white space includes next-line and no-break characters; blank lines are removed: a single one, before CRLF, at both ends; a final line end is kept, and a last line without one",
      run: () => {
        assert.deepEqual(["", "\n", "a\r\n\r\nb\r\n", "\n\na\n \t\n\n", "a\n\u0085\n\u00a0\nb"].map(blankless), [
          "",
          "",
          "a\r\nb\r\n",
          "a\n",
          "a\nb",
        ]);
      },
    },
    {
      shows: "functions of lists accept an array, a slice and a pointer to one, and reject a string",
      here: "There is one kind of list. The error for any other value names the helper and the argument.",
      run: () => {
        assert.equal(printed("{{len (list 1 2)}}"), "2");
        for (const helper of ["where", "whereNot", "whereExist", "groupBy", "groupByKeys", "sortObjectsByKeysAsc"]) {
          assert.match(
            refusal(`{{#each (${helper} "web" "name")}}{{/each}}`),
            new RegExp(`${helper}: LIST must be a list`),
          );
        }
      },
    },
  ],
};
