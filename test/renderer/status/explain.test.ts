import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../../renderer/status/explain.ts";
import type { Report } from "../../../renderer/status/report.ts";

const finding = (name: string, reason: string, detail: string, value?: string) => ({
  id: name.padEnd(64, "0"),
  host: "local",
  name,
  reason,
  detail,
  ...(value !== undefined && { value }),
});

/** What an explanation does not ask for. */
const UNSAID = { paths: [], waiting: [] };

const REPORT: Report = {
  pid: 1,
  targets: [],
  agents: [],
  virtualHosts: [
    { host: "*.a.example", servers: ["10.0.0.3:80"], containers: ["wild"], ...UNSAID },
    {
      host: "demo.example",
      servers: ["10.0.0.1:80", "10.0.0.2:80"],
      containers: ["web1", "web2"],
      ...UNSAID,
      tls: { certificate: "demo.example", until: "2027-01-31" },
    },
    { host: "ill.example", servers: [], containers: [], ...UNSAID },
  ],
  unrouted: [finding("sick", "health", "is unhealthy"), finding("db", "host.none", "has no VIRTUAL_HOST")],
  quarantined: [finding("evil", "host.refused", "VIRTUAL_HOST: not a DNS name", "a;\n\u001b[31mb")],
  remarks: [finding("web1", "port.guessed", "exposes the TCP ports 80, 81 and has no VIRTUAL_PORT: 80 is used")],
  certificates: [],
};

const cases: readonly [asked: string, isRouted: boolean, words: RegExp][] = [
  ["demo.example", true, /10\.0\.0\.2:80 {2}container web2[\s\S]*certificate demo\.example, good until 2027-01-31/],
  ["DEMO.example", true, /host demo\.example/],
  ["x.a.example", true, /host x\.a\.example \(by \*\.a\.example\)\n {2}10\.0\.0\.3:80 {2}container wild/],
  ["ill.example", false, /503/],
  ["web1", true, /container web1\n {2}answers for demo\.example\n {2}exposes the TCP ports/],
  ["sick", false, /not routed:\n {2}is unhealthy/],
  ["evil", false, /set aside because of what it says:\n.*not a DNS name: "a;\\n\\u001b\[31mb"/],
  ["demo.exampel", false, /no host of this name is claimed.*Did you mean demo\.example\?/],
];
for (const [asked, isRouted, words] of cases) {
  test(`${asked} is ${isRouted ? "routed" : "not routed"}, and the reason is said`, () => {
    const answer = explain(REPORT, asked);
    assert.match(answer.text, words);
    assert.equal(answer.isRouted, isRouted);
    assert.match(answer.text, /^[\x20-\x7e\n]*$/);
  });
}

test("a container is found by the beginning of its id", () => {
  const report = {
    ...REPORT,
    unrouted: [{ ...finding("db", "host.none", "has no VIRTUAL_HOST"), id: "abcdef1234".padEnd(64, "0") }],
  };
  assert.match(explain(report, "abcdef12").text, /container db\n {2}not routed:\n {2}has no VIRTUAL_HOST/);
});
