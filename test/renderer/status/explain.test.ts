import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explain } from "../../../renderer/status/explain.ts";
import { attentionOf } from "../../../renderer/status/attention.ts";
import { type Report, type VirtualHostReport } from "../../../renderer/status/report.ts";
import { printReport } from "../../../renderer/status/print.ts";
import { EMPTY_REPORT, entry, exampleReport } from "./example-report.ts";

/** Returns a virtual host of `path: ["endpoint container"]`. */
function host(
  name: string,
  paths: Record<string, readonly string[]>,
  changes: Partial<VirtualHostReport> = {},
): VirtualHostReport {
  return {
    host: name,
    paths: Object.entries(paths).map(([path, servers]) => ({
      path,
      protocol: path === "/rpc" ? "grpc" : "http",
      servers: servers.map((server) => ({ endpoint: server.split(" ")[0]!, container: server.split(" ")[1]! })),
    })),
    unavailable: [],
    ...changes,
  };
}

const REPORT: Report = {
  ...EMPTY_REPORT,
  virtualHosts: [
    host("*.a.example", { "/": ["10.0.0.3:80 wild"] }),
    host(
      "demo.example",
      { "/": ["10.0.0.1:80 web1", "10.0.0.2:80 web2"] },
      { tls: { certificate: "demo.example", expires: "2027-01-31" } },
    ),
    host("ill.example", { "/": [] }, { unavailable: [{ container: "sick", reason: "is unhealthy" }] }),
    host("mail.*", { "/": ["10.0.0.4:80 mail"] }),
    host("paths.example", { "/": ["10.0.0.5:80 site"], "/rpc": ["10.0.0.6:90 rpc"] }),
    host("www.demo.example", {}, { redirectTo: "demo.example" }),
    host("~^x[0-9]+\\.pattern\\.example$", { "/": ["10.0.0.7:80 pattern"] }),
  ],
  unrouted: [entry("sick", "is unhealthy"), entry("db", "has no VIRTUAL_HOST")],
  quarantined: [
    entry("evil", "VIRTUAL_HOST: not a DNS name", "a;\n\u001b[31mb"),
    { name: "broken.example", code: "check.rejected", reason: "rejected by nginx: nonsense" },
  ],
  warnings: [entry("web1", "exposes the TCP ports 80, 81 and has no VIRTUAL_PORT, so port 80 is used")],
};

const cases: readonly [query: string, isRouted: boolean, output: RegExp][] = [
  ["demo.example", true, /10\.0\.0\.2:80 {2}container web2[\s\S]*certificate demo\.example, expires 2027-01-31/],
  ["DEMO.example", true, /host demo\.example/],
  ["x.a.example", true, /host x\.a\.example \(matches \*\.a\.example\)\n {2}10\.0\.0\.3:80 {2}container wild/],
  ["ill.example", false, /503[^]*unavailable: container sick: is unhealthy/],
  ["mail.anything", true, /matches mail\.\*\)\n {2}10\.0\.0\.4:80/],
  ["x12.pattern.example", true, /container pattern/],
  ["paths.example", true, /\n {2}\/\n {4}10\.0\.0\.5:80 {2}container site\n {2}\/rpc \(grpc\)\n {4}10\.0\.0\.6:90/],
  ["www.demo.example", true, /redirects to demo\.example/],
  ["broken.example", false, /host broken\.example\n {2}quarantined\n {2}rejected by nginx: nonsense/],
  ["web1", true, /container web1\n {2}routed by demo\.example\n {2}exposes the TCP ports/],
  ["sick", false, /not routed\n {2}is unhealthy/],
  ["evil", false, /quarantined\n.*not a DNS name: "a;\\n\\u001b\[31mb"/],
  ["demo.exampel", false, /demo\.exampel: no such virtual host or container; did you mean demo\.example\?/],
];
describe("explains in printable ASCII", () => {
  for (const [query, isRouted, output] of cases) {
    test(`that ${query} is ${isRouted ? "routed" : "not routed"}, and why`, () => {
      const explanation = explain(REPORT, query);
      assert.match(explanation.text, output);
      assert.equal(explanation.isRouted, isRouted);
      assert.match(explanation.text, /^[\x20-\x7e\n]*$/);
    });
  }
});

test("finds a container by the prefix of its id", () => {
  const report = {
    ...REPORT,
    unrouted: [{ ...entry("db", "has no VIRTUAL_HOST"), id: "abcdef1234".padEnd(64, "0") }],
  };
  assert.match(explain(report, "abcdef12").text, /container db\n {2}not routed\n {2}has no VIRTUAL_HOST/);
});

describe("explains a container of template targets", () => {
  const id = "ab".repeat(32);
  const rendered = { id, dockerHost: "one", name: "web", destination: "/out/haproxy.cfg" };
  const filtered = { id, dockerHost: "one", name: "web", destination: "/out/hosts", reason: "exposes no port" };
  const report: Report = { ...REPORT, rendered: [rendered], filtered: [filtered] };

  for (const query of ["web", "abababababab"]) {
    test(`by the files that contain ${query} and those that do not`, () => {
      assert.deepEqual(explain(report, query), {
        text: "container web\n  rendered into /out/haproxy.cfg\n  filtered from /out/hosts (`containers`): exposes no port",
        isRouted: true,
      });
    });
  }

  test("that is not found, with the nearest name", () => {
    assert.match(explain({ ...report, virtualHosts: [] }, "webb").text, /did you mean web\?/);
  });

  test("of the same name on two Docker hosts", () => {
    const two = { ...rendered, id: "d".repeat(64), dockerHost: "two" };
    const { text } = explain({ ...REPORT, rendered: [rendered, two] }, "web");
    assert.match(text, /on one: rendered .*\n {2}on two: rendered/);
  });

  test("that is quarantined", () => {
    const quarantined = [{ ...entry("web", "/out/haproxy.cfg: t.hbs:1:1: x"), id }];
    assert.deepEqual(explain({ ...REPORT, quarantined }, "web"), {
      text: "container web\n  quarantined\n  /out/haproxy.cfg: t.hbs:1:1: x",
      isRouted: false,
    });
  });
});

test("matches a regular expression in linear time and reports one that it cannot test", () => {
  const slow = { ...REPORT, virtualHosts: [host("~^(a+)+\\.example$", { "/": ["10.0.0.1:80 web"] })] };
  assert.ok(!explain(slow, "a".repeat(200)).isRouted);
  assert.ok(explain(slow, "aaa.example").isRouted);
  const untestable = explain({ ...REPORT, virtualHosts: [host("~^(a|b)\\1$", { "/": ["10.0.0.1:80 web"] })] }, "aa");
  assert.match(untestable.text, /~\^\(a\|b\)\\1\$ cannot be tested here; nginx may match it/);
});

test("marks only the servers of a disconnected agent as outdated", () => {
  const agent = { socket: "/a", since: 0, docker: "connected", generation: 1, containers: 1 };
  const of = (name: string, dockerHost: string) => {
    const servers = [{ endpoint: "10.0.0.1:80", container: "web", dockerHost }];
    return { ...host(name, {}), paths: [{ path: "/", protocol: "http", servers }] };
  };
  const report: Report = {
    ...REPORT,
    agents: [
      { ...agent, dockerHost: "one", connected: true },
      { ...agent, socket: "/b", dockerHost: "two", connected: false, error: "ENOENT" },
    ],
    virtualHosts: [of("one.example", "one"), of("two.example", "two")],
  };
  assert.match(explain(report, "two.example").text, /last known state: the agent of two is disconnected/);
  assert.doesNotMatch(explain(report, "one.example").text, /last known state/);
  const lines = printReport(report).split("\n");
  assert.match(lines.find((line) => line.includes("two.example")) ?? "", /last known state/);
  assert.doesNotMatch(lines.find((line) => line.includes("one.example")) ?? "", /last known state/);
});

test("reports a rejected configuration or template as an issue", () => {
  const [target] = [{ destination: "/out", pending: false, generation: 1, publications: [] }];
  const fine = { ...EMPTY_REPORT, targets: [target] };
  assert.deepEqual(attentionOf(fine), []);
  assert.equal(attentionOf({ ...fine, rejectedConfig: ["c.yml:1:1: x"] }).length, 1);
  assert.equal(attentionOf({ ...fine, targets: [{ ...target, templateError: "t.hbs:1:1: x" }] }).length, 1);
});

test("explain names the operator's file because of which a host is not live, as status does", () => {
  const error = '[emerg] unknown directive "nonsense" in /etc/nginx/conf.d/own.conf:31';
  const [target] = exampleReport().targets;
  const report: Report = { ...REPORT, targets: [{ ...target!, pending: true, error }] };
  const { text } = explain(report, "demo.example");
  assert.match(
    text,
    /not live yet: \S+ keeps its last good version: .*nonsense" in \/etc\/nginx\/conf\.d\/own\.conf:31/,
  );
  assert.ok(printReport(report).includes("/etc/nginx/conf.d/own.conf:31"));
  assert.doesNotMatch(explain(REPORT, "demo.example").text, /not live/);
});
