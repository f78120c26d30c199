import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedRenderer } from "../../../renderer/template/bounded-renderer.ts";
import type { Model } from "../../../renderer/template/model.ts";

async function started(text: string, partials: readonly string[] = [], renderMs = 1_000): Promise<BoundedRenderer> {
  const templates = [text, ...partials].map((one, index) => ({ file: `t${index}.hbs`, text: one }));
  const renderer = await BoundedRenderer.start({ templates, format: "none" }, renderMs);
  assert.ok(!("problem" in renderer), JSON.stringify(renderer));
  return renderer;
}

const some: Model[] = Array.from({ length: 300 }, (_none, index) => ({
  name: `app${index}`,
  env: { A: "x".repeat(4_000) },
}));

test("renders repeatedly in one thread", async () => {
  const renderer = await started("{{#each containers}}{{name}};{{/each}}");
  assert.deepEqual(await renderer.render(some.slice(0, 2)), { kind: "text", text: "app0;app1;" });
  assert.deepEqual(await renderer.render([]), { kind: "text", text: "" });
  assert.deepEqual(await renderer.render([{ name: "a" }, {}]), {
    kind: "faults",
    faults: [{ index: 1, message: "t0.hbs:1:21: name is missing" }],
  });
  await renderer.close();
});

test("reports an invalid template with its place", async () => {
  const templates = [{ file: "t.hbs", text: "a\n{{shout x}}" }];
  const { problem } = (await BoundedRenderer.start({ templates, format: "json" })) as { problem: string };
  assert.match(problem, /^t\.hbs:2:1: .*shout/);
});

/** A hundred million iterations of `inner`. */
const nested = (inner: string): string => "{{#each @root.containers}}".repeat(4) + inner + "{{/each}}".repeat(4);

const hostile: readonly [title: string, text: string, partials: string[], message: RegExp][] = [
  ["that does not end", nested(""), [], /takes longer than|more memory/],
  [
    "that prints more and more",
    nested("{{#each @root.containers}}{{env.A}}{{/each}}"),
    [],
    /longer|memory|string length/,
  ],
  [
    "that prints too much",
    "{{#each containers}}{{#each @root.containers}}{{env.A}}{{/each}}{{/each}}",
    [],
    /more than 16777216/,
  ],
  [
    "that keeps every value",
    `{{len (list ${'(toLower (repeat 1000000 "É")) '.repeat(400)})}}`,
    [],
    /more memory|longer/,
  ],
  ["that calls itself", "{{> t1}}", ["{{> t1}}"], /nested too deep/],
  [
    "that doubles itself",
    "{{> t1}}",
    ["{{> t2}}{{> t2}}", "{{> t3}}".repeat(50), "{{> t4}}".repeat(50), nested("x")],
    /longer|memory|string length/,
  ],
];
for (const [title, text, partials, message] of hostile) {
  test(`a template ${title} fails, and the next rendering succeeds`, async () => {
    const renderer = await started(`{{#if containers.length}}${text}{{else}}empty{{/if}}`, partials);
    const failed = await renderer.render(some);
    assert.match(failed.kind === "failed" ? failed.message : failed.kind, message);
    assert.deepEqual(await renderer.render([]), { kind: "text", text: "empty" });
    await renderer.close();
  });
}

test("a closed renderer starts no thread again: a pending rendering and later ones fail", async () => {
  const renderer = await started("{{#each containers}}{{name}}{{/each}}");
  const waiting = renderer.render(some);
  await renderer.close();
  assert.match(JSON.stringify(await waiting), /the renderer is closed/);
  assert.deepEqual(await renderer.render([]), { kind: "failed", message: "the renderer is closed" });
});
