import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { statusPage } from "../../../../renderer/status/page/document.ts";
import type { Report } from "../../../../renderer/status/report.ts";
import { exampleReport, finding, MORNING } from "./example-report.ts";

const page = (changes: Partial<Report> = {}, isLast = false): string =>
  statusPage(exampleReport(changes), { at: MORNING, isLast });

/** What a reader reads: without tags, entities undone. */
const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, " ")
    .replace(
      /&(lt|gt|quot|#39|amp);/g,
      (_, name: string) => ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" })[name] ?? "",
    )
    .replace(/\s+/g, " ");

/** The page's tags, in order, with their attributes. */
const tagsOf = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];

test("what needs attention comes first, and each finding leads to its section", () => {
  const html = page();
  assert.match(textOf(html), /3 things need attention 1 host served, 1 without a server, 1 container set aside, 2/);
  assert.match(html, /<a href="#hosts">1 host without a server: <bdi>ill\.example<\/bdi><\/a>/);
  assert.match(html, /<a href="#certificates">certificate <bdi>old\.example<\/bdi> has expired<\/a>/);
  for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(html.includes(` id="${id}"`), id);
});

test("a host that nobody serves says who claims it and why they cannot answer", () => {
  assert.match(textOf(page()), /503, no server .*1 container cannot answer now sick is unhealthy/);
});

test("a file that is published together with others says in which transaction", () => {
  const [target] = exampleReport().targets;
  const together = page({ targets: [{ ...target!, transaction: "front" }] });
  assert.match(textOf(together), /in transaction front/);
  assert.doesNotMatch(textOf(page()), /in transaction/);
});

test("when nothing is wrong the page says so", () => {
  const { certificates, virtualHosts } = exampleReport();
  const html = page({
    quarantined: [],
    certificates: certificates.slice(0, 1),
    virtualHosts: virtualHosts.slice(0, 1),
  });
  assert.match(html, /<h1>All is well<\/h1>/);
  assert.doesNotMatch(html, /Needs attention/);
});

test("the last word of a renderer says that it has stopped", () => {
  assert.match(textOf(page({}, true)), /The renderer has stopped/);
  assert.doesNotMatch(textOf(page()), /has stopped/);
});

test("it has neither script nor style of its own, and asks nobody else for anything", () => {
  const html = page();
  assert.doesNotMatch(html, /<script|<style|style="|\son[a-z]+=|javascript:|https?:|\/\//i);
});

test("of ten thousand hosts some are shown, and the rest is counted", () => {
  const [host] = exampleReport().virtualHosts;
  const html = page({
    virtualHosts: Array.from({ length: 10_000 }, (_, index) => ({ ...host!, host: `h${index}.example` })),
  });
  assert.match(textOf(html), /9500 more are in status\.json/);
  assert.ok(html.length < 1_000_000, String(html.length));
});

test("a text that reads from right to left, or cannot be seen, stays where it is and is seen", () => {
  const html = page({ quarantined: [finding("evil", "because", "a\u202eb\u0000c\u{e0041}\ud800")] });
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

/** A report in which every text is somebody's. */
function saying(text: string): Report {
  const example = exampleReport();
  const server = { endpoint: text, container: text, dockerHost: text, health: text };
  return {
    ...example,
    targets: example.targets.map((target) => ({
      ...target,
      destination: text,
      pending: true,
      problem: text,
      liveHash: text,
      publications: [{ at: 1, outcome: "rejected", generation: 1, hash: text, reason: text }],
    })),
    agents: example.agents.map((agent) => ({
      ...agent,
      socket: text,
      host: `x${text}`,
      connected: false,
      docker: text,
      problem: text,
    })),
    virtualHosts: [
      {
        host: text,
        servers: [text],
        containers: [text],
        paths: [
          { path: text, protocol: "http", servers: [server] },
          { path: text, protocol: text, servers: [] },
        ],
        waiting: [{ container: text, detail: text }],
        tls: { certificate: text, until: text },
      },
      { host: text, servers: [], containers: [], paths: [], waiting: [], redirectTo: text },
    ],
    unrouted: [finding(text, text, text)],
    quarantined: [finding(text, text, text)],
    remarks: [finding(text, text, text)],
    certificates: [
      { name: text, names: [text], until: text, daysLeft: 1, problem: text },
      { name: text, names: [], problem: text },
    ],
  };
}

test("whatever a container, a file or a server says, it never becomes markup", () => {
  const calm = tagsOf(statusPage(saying("calm"), { at: MORNING, isLast: false }));
  const withoutValues = (tags: readonly string[]) => tags.map((tag) => tag.replace(/"[^"]*"/g, '""'));
  fc.assert(
    fc.property(hostile, (text) => {
      const tags = tagsOf(statusPage(saying(text), { at: MORNING, isLast: false }));
      assert.deepEqual(withoutValues(tags), withoutValues(calm));
    }),
  );
});
