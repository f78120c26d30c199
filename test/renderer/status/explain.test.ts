import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../../renderer/status/explain.ts";
import { printReport } from "../../../renderer/status/print.ts";
import { isFine, type Report } from "../../../renderer/status/report.ts";

const finding = (name: string, reason: string, detail: string, value?: string) => ({
  id: name.padEnd(64, "0"),
  host: "local",
  name,
  reason,
  detail,
  ...(value !== undefined && { value }),
});

/** A host as the report has it, of `path: [endpoint container]`. */
function host(
  name: string,
  paths: Record<string, readonly string[]>,
  more: Partial<Report["virtualHosts"][number]> = {},
): Report["virtualHosts"][number] {
  const all = Object.entries(paths).map(([path, servers]) => ({
    path,
    protocol: path === "/rpc" ? "grpc" : "http",
    servers: servers.map((words) => ({ endpoint: words.split(" ")[0]!, container: words.split(" ")[1]! })),
  }));
  const servers = all.flatMap((path) => path.servers);
  return {
    host: name,
    servers: servers.map(({ endpoint }) => endpoint),
    containers: servers.map(({ container }) => container),
    paths: all,
    waiting: [],
    ...more,
  };
}

const REPORT: Report = {
  pid: 1,
  targets: [],
  agents: [],
  virtualHosts: [
    host("*.a.example", { "/": ["10.0.0.3:80 wild"] }),
    host(
      "demo.example",
      { "/": ["10.0.0.1:80 web1", "10.0.0.2:80 web2"] },
      { tls: { certificate: "demo.example", until: "2027-01-31" } },
    ),
    host("ill.example", { "/": [] }, { waiting: [{ container: "sick", detail: "is unhealthy" }] }),
    host("mail.*", { "/": ["10.0.0.4:80 mail"] }),
    host("paths.example", { "/": ["10.0.0.5:80 site"], "/rpc": ["10.0.0.6:90 rpc"] }),
    host("www.demo.example", {}, { redirectTo: "demo.example" }),
    host("~^x[0-9]+\\.pattern\\.example$", { "/": ["10.0.0.7:80 pattern"] }),
  ],
  unrouted: [finding("sick", "health", "is unhealthy"), finding("db", "host.none", "has no VIRTUAL_HOST")],
  quarantined: [
    finding("evil", "host.refused", "VIRTUAL_HOST: not a DNS name", "a;\n\u001b[31mb"),
    {
      ...finding("broken.example", "check.rejected", "this host is left out, nginx refuses it: nonsense"),
      id: "",
      host: "",
    },
  ],
  remarks: [finding("web1", "port.guessed", "exposes the TCP ports 80, 81 and has no VIRTUAL_PORT: 80 is used")],
  certificates: [],
};

const cases: readonly [asked: string, isRouted: boolean, words: RegExp][] = [
  ["demo.example", true, /10\.0\.0\.2:80 {2}container web2[\s\S]*certificate demo\.example, good until 2027-01-31/],
  ["DEMO.example", true, /host demo\.example/],
  ["x.a.example", true, /host x\.a\.example \(by \*\.a\.example\)\n {2}10\.0\.0\.3:80 {2}container wild/],
  ["ill.example", false, /503[^]*waiting: container sick is unhealthy/],
  ["mail.anything", true, /by mail\.\*\)\n {2}10\.0\.0\.4:80/],
  ["x12.pattern.example", true, /container pattern/],
  ["paths.example", true, /\n {2}\/\n {4}10\.0\.0\.5:80 {2}container site\n {2}\/rpc by grpc\n {4}10\.0\.0\.6:90/],
  ["www.demo.example", true, /redirects to demo\.example/],
  ["broken.example", false, /host broken\.example\n {2}set aside:\n {2}this host is left out, nginx refuses it/],
  ["web1", true, /container web1\n {2}answers for demo\.example\n {2}exposes the TCP ports/],
  ["sick", false, /not routed:\n {2}is unhealthy/],
  ["evil", false, /set aside:\n.*not a DNS name: "a;\\n\\u001b\[31mb"/],
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

test("a container of general targets is explained by the files that it is in, and why it is not in others", () => {
  const entry = { id: "ab".repeat(32), host: "one", name: "web", destinations: ["/out/haproxy.cfg"], leftOut: [] };
  const leftOut = [{ destination: "/out/hosts", detail: "exposes no port" }];
  const report: Report = {
    ...REPORT,
    listed: [
      { ...entry, leftOut },
      { ...entry, id: "c".repeat(64), name: "db", destinations: [], leftOut },
    ],
  };
  for (const asked of ["web", "abababababab"]) {
    const { text, isRouted } = explain(report, asked);
    assert.equal(
      text,
      "container web\n  seen by the template of /out/haproxy.cfg\n  not for /out/hosts: exposes no port",
    );
    assert.ok(isRouted);
  }
  assert.match(explain({ ...report, virtualHosts: [] }, "webb").text, /Did you mean web\?/);
  const twice = explain({ ...report, listed: [entry, { ...entry, id: "d".repeat(64), host: "two" }] }, "web");
  assert.match(twice.text, /on one: seen by .*\n {2}on two: seen by/);
  const aside = { ...finding("web", "render.failed", "left out of /out/haproxy.cfg: t.hbs:1:1: x"), id: entry.id };
  const found = explain({ ...report, listed: [{ ...entry, destinations: [] }], quarantined: [aside] }, "web");
  assert.deepEqual(found, {
    text: "container web\n  set aside:\n  left out of /out/haproxy.cfg: t.hbs:1:1: x",
    isRouted: false,
  });
});

test("an expression that would take ages to try is tried at once, and one that cannot be tried is named", () => {
  const slow = { ...REPORT, virtualHosts: [host("~^(a+)+\\.example$", { "/": ["10.0.0.1:80 web"] })] };
  assert.ok(!explain(slow, "a".repeat(200)).isRouted);
  assert.ok(explain(slow, "aaa.example").isRouted);
  const unknown = explain({ ...REPORT, virtualHosts: [host("~^(a|b)\\1$", { "/": ["10.0.0.1:80 web"] })] }, "aa");
  assert.match(unknown.text, /~\^\(a\|b\)\\\\1\$ cannot be tried here: nginx may find that it fits/);
});

test("what an absent agent told is marked as old, and what others tell is not", () => {
  const agent = { socket: "/a", since: 0, docker: "connected", generation: 1, containers: 1 };
  const of = (name: string, dockerHost: string) => {
    const one = host(name, { "/": ["10.0.0.1:80 web"] });
    const servers = [{ endpoint: "10.0.0.1:80", container: "web", dockerHost }];
    return { ...one, paths: [{ path: "/", protocol: "http", servers }] };
  };
  const report: Report = {
    ...REPORT,
    agents: [
      { ...agent, host: "one", connected: true },
      { ...agent, socket: "/b", host: "two", connected: false, problem: "ENOENT" },
    ],
    virtualHosts: [of("one.example", "one"), of("two.example", "two")],
  };
  assert.match(explain(report, "two.example").text, /as it was: the agent of two is absent/);
  assert.doesNotMatch(explain(report, "one.example").text, /as it was/);
  const lines = printReport(report).split("\n");
  assert.match(lines.find((line) => line.includes("two.example")) ?? "", /as it was: its agent is absent$/);
  assert.doesNotMatch(lines.find((line) => line.includes("one.example")) ?? "", /as it was/);
});

test("a configuration or a template that is not used is worth a look", () => {
  const fine = { ...REPORT, quarantined: [] };
  assert.ok(isFine(fine));
  assert.ok(!isFine({ ...fine, refusedConfig: ["c.yml:1:1: x"] }));
  assert.ok(!isFine({ ...fine, refusedTemplates: [{ destination: "/out", problem: "t.hbs:1:1: x" }] }));
});
