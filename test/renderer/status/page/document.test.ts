import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../property.ts";
import { statusPage } from "../../../../renderer/status/page/document.ts";
import type { Report } from "../../../../renderer/status/report.ts";
import { exampleReport, entry, MORNING } from "../example-report.ts";

const page = (changes: Partial<Report> = {}, isLast = false): string =>
  statusPage(exampleReport(changes), { at: MORNING, isLast });

/** Returns the visible text: without tags, entities decoded. */
const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, " ")
    .replace(
      /&(lt|gt|quot|#39|amp);/g,
      (_, name: string) => ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" })[name] ?? "",
    )
    .replace(/\s+/g, " ");

/** Returns the tags of the page in order, with their attributes. */
const tagsOf = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];

test("lists issues first, each with a link to its section", () => {
  const html = page();
  assert.match(
    textOf(html),
    /3 issues need attention 1 host routed, 1 unavailable, 1 quarantined, 2 unrouted; agents 1\/1 connected; last published 2026-11-24 08:30:15 UTC \(generation 7\)/,
  );
  assert.match(html, /<a href="#hosts"><bdi>1 host unavailable: ill\.example<\/bdi><\/a>/);
  assert.match(html, /<a href="#certificates"><bdi>certificate old\.example has expired<\/bdi><\/a>/);
  for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(html.includes(` id="${id}"`), id);
});

test("shows the unavailable containers of a host with their reasons", () => {
  assert.match(textOf(page()), /503, unavailable .*1 container unavailable sick is unhealthy/);
});

test("shows the transaction of a target", () => {
  const [target] = exampleReport().targets;
  const together = page({ targets: [{ ...target!, transaction: "front" }] });
  assert.match(textOf(together), / transaction front/);
  assert.doesNotMatch(textOf(page()), /transaction/);
});

test("reports that there are no issues", () => {
  const { certificates, virtualHosts } = exampleReport();
  const html = page({
    quarantined: [],
    certificates: certificates.slice(0, 1),
    virtualHosts: virtualHosts.slice(0, 1),
  });
  assert.match(html, /<h1>No issues<\/h1>/);
  assert.doesNotMatch(html, /Needs attention/);
});

test("reports in the last version that the renderer has stopped", () => {
  assert.match(textOf(page({}, true)), /The renderer has stopped/);
  assert.doesNotMatch(textOf(page()), /has stopped/);
});

test("contains no scripts but that of its own file, no inline styles or external references", () => {
  const html = page().replace('<script src="filter.js" defer></script>', "");
  assert.doesNotMatch(html, /<script|<style|style="|\son[a-z]+=|javascript:|https?:|\/\//i);
});

test("limits the rows of ten thousand hosts and counts the rest", () => {
  const [host] = exampleReport().virtualHosts;
  const html = page({
    virtualHosts: Array.from({ length: 10_000 }, (_, index) => ({ ...host!, host: `h${index}.example` })),
  });
  assert.match(textOf(html), /9000 more are in status\.json/);
  assert.ok(html.length < 2_000_000, String(html.length));
});

test("isolates right-to-left text and escapes invisible characters", () => {
  const html = page({ quarantined: [entry("evil", "a\u202eb\u0000c\u{e0041}\ud800")] });
  assert.ok(html.includes("<bdi>a\\u{202e}b\\u{0}c\\u{e0041}\\u{d800}</bdi>"));
});

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[<>"'&/=a-z! -]{1,30}$/),
  fc.constantFrom(
    "</bdi><script>alert(1)</script>",
    '" onload="x',
    "<!--",
    "]]>",
    "&lt;",
    "</title>",
    "${x}",
    "\r\n",
    "$&",
  ),
);

/** Returns a report in which every text is untrusted. */
function reportWith(text: string): Report {
  const example = exampleReport();
  const server = { endpoint: text, container: text, dockerHost: text, health: text };
  return {
    ...example,
    targets: example.targets.map((target) => ({
      ...target,
      destination: text,
      pending: true,
      error: text,
      templateError: text,
      sha256: text,
      publications: [{ at: 1, outcome: "rejected", generation: 1, sha256: text, error: text }],
    })),
    agents: example.agents.map((agent) => ({
      ...agent,
      socket: text,
      dockerHost: `x${text}`,
      connected: false,
      docker: text,
      error: text,
    })),
    virtualHosts: [
      {
        host: text,
        paths: [
          { path: text, protocol: "http", servers: [server] },
          { path: text, protocol: text, servers: [] },
        ],
        unavailable: [{ container: text, reason: text }],
        tls: { certificate: text, expires: text },
      },
      { host: text, paths: [], unavailable: [], redirectTo: text },
    ],
    unrouted: [entry(text, text, text)],
    quarantined: [entry(text, text, text)],
    rejectedConfig: [text],
    filtered: [{ name: text, id: text, dockerHost: text, destination: text, reason: text }],
    warnings: [entry(text, text, text)],
    certificates: [
      { name: text, hosts: [text], expires: text, daysLeft: 1, warning: text },
      { name: text, hosts: [], error: text },
    ],
  };
}

test("never interprets untrusted text as markup", () => {
  const calm = tagsOf(statusPage(reportWith("calm"), { at: MORNING, isLast: false }));
  const withoutValues = (tags: readonly string[]) => tags.map((tag) => tag.replace(/"[^"]*"/g, '""'));
  fc.assert(
    fc.property(hostile, (text) => {
      const tags = tagsOf(statusPage(reportWith(text), { at: MORNING, isLast: false }));
      assert.deepEqual(withoutValues(tags), withoutValues(calm));
    }),
  );
});
