import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parse } from "yaml";
import * as z from "zod";
import { GENERATED } from "../.ci/docs.ts";
import { OPTION_ENTRIES } from "../.ci/labels-and-variables.ts";
import { unusedTexts, withoutArea, withoutWords } from "../.ci/error-reference.ts";
import { relapses } from "../.ci/plain-english.ts";
import { configurationKeys, EXAMPLES } from "../.ci/renderer-configuration.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../renderer/routes/options.ts";

describe("generated documentation", () => {
  for (const [path, print] of Object.entries(GENERATED)) {
    test(`${path} matches the code; \`npm run docs\` regenerates it`, () => {
      const existing = readFileSync(path, "utf8");
      const printed = print(existing);
      if (path.endsWith(".json")) assert.deepEqual(JSON.parse(existing), JSON.parse(printed));
      else assert.equal(existing, printed);
    });
  }
});

test("every error message of the code is on the page of error messages, as a text", () => {
  assert.deepEqual(withoutArea(), []);
  assert.deepEqual(withoutWords(), []);
  assert.deepEqual(unusedTexts(), [], "remove the unused texts from .ci/error-reference.ts");
});

test("the index links every page", () => {
  const index = readFileSync("docs/README.md", "utf8");
  const pages = execFileSync("git", ["ls-files", "docs"], { encoding: "utf8" })
    .split("\n")
    .filter((path) => path.endsWith(".md") && path !== "docs/README.md")
    .map((path) => path.slice("docs/".length));
  assert.deepEqual(
    pages.filter((page) => !index.includes(`](${page})`)),
    [],
  );
});

test("every guarantee of the security model links a test", () => {
  const page = readFileSync("docs/explanation/security.md", "utf8");
  const [, section = ""] = page.split("## Guarantees");
  const [guarantees = ""] = section.split("\n## ");
  const items = guarantees.split(/\n(?=[0-9]+\. )/).slice(1);
  assert.ok(items.length > 10);
  assert.deepEqual(
    items.filter((item) => !/\]\(\.\.\/\.\.\/test\/[\w./-]+\.test\.ts\)/.test(item)).map((item) => item.slice(0, 60)),
    [],
  );
});

test("the troubleshooting page quotes messages that the code prints", () => {
  const page = readFileSync("docs/how-to/troubleshoot.md", "utf8");
  const [, section = ""] = page.split("## By the message");
  const [quoted = ""] = section.split("\n## ");
  const messages = [...quoted.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = ""]) => message);
  const tracked = execFileSync("git", ["ls-files", "renderer/*.ts"], { encoding: "utf8" }).trim().split("\n");
  const code = tracked.map((path) => (existsSync(path) ? readFileSync(path, "utf8") : "")).join("\n");
  assert.ok(messages.length > 10);
  assert.deepEqual(
    messages.filter((message) => !code.includes(message)),
    [],
  );
});

test("every page that code, messages and examples name exists", () => {
  const tracked = execFileSync("git", ["ls-files", "*.ts", "*.yml", "*.sh", "*.hbs", "*Dockerfile"], {
    encoding: "utf8",
  });
  const missing = tracked
    .split("\n")
    .filter((path) => path !== "" && existsSync(path))
    .flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/(?<![\w/.])docs\/[\w./-]+\.(?:md|json|yml|service)\b/g)]
        .map(([page]) => page)
        .filter((page) => !existsSync(page))
        .map((page) => `${path}: ${page}`),
    );
  assert.deepEqual(missing, []);
});

describe("examples of the renderer configuration", () => {
  const keys = configurationKeys();
  for (const { path, schema } of keys) {
    test(`${path} has a valid example`, () => {
      const example = EXAMPLES[path];
      assert.ok(example !== undefined, "add an example to .ci/renderer-configuration.ts");
      const parsed = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(parse(example));
      assert.ok(parsed.success, z.prettifyError(parsed.error ?? new z.ZodError([])));
    });
  }
  test("name existing keys only", () => {
    const paths = new Set(keys.map(({ path }) => path));
    assert.deepEqual(
      Object.keys(EXAMPLES).filter((path) => !paths.has(path)),
      [],
    );
  });
});

test("examples of labels and variables are valid", () => {
  for (const [name, { parse: parseOption }] of Object.entries({
    ...HOST_OPTIONS,
    ...PATH_OPTIONS,
    ...SERVER_OPTIONS,
  })) {
    assert.equal(parseOption(OPTION_ENTRIES[name as keyof typeof OPTION_ENTRIES].example).kind, "ok", name);
  }
});

describe("plain English check", () => {
  test("reports an expression with its line and the standard term", () => {
    const [found, ...more] = relapses("The agent starts.\nNobody is told.\n").toSorted(
      (a, b) => a.use.length - b.use.length,
    );
    assert.equal(more.length, 1);
    assert.equal(found?.line, 2);
    assert.ok(found.use.length > 0);
  });
  test("reports an expression in upper case and at the end of a line", () => {
    assert.deepEqual(
      relapses("ANEW\n-- once more").map(({ line, found }) => [line, found]),
      [
        [1, "ANEW"],
        [2, "once more"],
      ],
    );
  });
  test("does not report parts of words and identifiers", () => {
    assert.deepEqual(relapses("retells, teller, mending-wall, $nobody, renewed, manewer"), []);
  });
});
