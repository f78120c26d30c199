import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import * as z from "zod";
import { faultsOfRenderer } from "../../../renderer/status/attention.ts";
import { statusPage } from "../../../renderer/status/page/document.ts";
import { printReport } from "../../../renderer/status/print.ts";
import { Report } from "../../../renderer/status/report.ts";
import { entry, exampleReport, MORNING } from "./example-report.ts";

describe("the published schema", () => {
  const text = readFileSync("docs/status.schema.json", "utf8");
  const published = JSON.parse(text) as object;

  test("is generated from the code (npm run docs)", () => {
    assert.deepEqual(published, z.toJSONSchema(Report, { io: "input" }));
  });

  test("describes every field", () => {
    const undescribed: string[] = [];
    const visit = (schema: object, path: string): void => {
      for (const [name, field] of Object.entries(schema)) {
        if (typeof field !== "object" || field === null) continue;
        if (path.endsWith("properties") && !("description" in field)) undescribed.push(`${path}.${name}`);
        visit(field as object, `${path}.${name}`);
      }
    };
    visit(published, "");
    assert.deepEqual(undescribed, []);
  });

  test("accepts a report", () => {
    assert.ok(z.fromJSONSchema(JSON.parse(text)).safeParse(exampleReport()).success);
  });
});

test("prints a summary line and an aligned table for each section with content", () => {
  const report = exampleReport({
    filtered: [
      {
        name: "job",
        id: "1".repeat(64),
        dockerHost: "local",
        destination: "/etc/hosts.d/apps",
        reason: "exposes no port",
      },
    ],
  });
  assert.equal(
    printReport(report),
    `\
1 host routed, 1 unavailable, 1 quarantined, 2 unrouted; agents 1/1 connected; last published 2026-11-24 08:30:15 UTC (generation 7)

NEEDS ATTENTION
LEVEL    WHAT
error    1 host unavailable: ill.example
error    certificate old.example has expired
warning  1 quarantined: evil

TARGETS
DESTINATION                     STATUS  GENERATION  DETAIL
/etc/nginx/conf.d/default.conf  live    7

AGENTS
SOCKET                         DOCKER HOST  STATUS                       CONTAINERS
/run/sallyport/agent/rpc.sock  local        connected, Docker connected  6

HOSTS
HOST          STATUS  TLS  SERVERS
demo.example  routed  -    10.0.0.1:80
ill.example   503     -

QUARANTINED
NAME  DOCKER HOST  REASON
evil  local        VIRTUAL_HOST: not a DNS name: "a;\\nb"

UNROUTED
NAME  DOCKER HOST  REASON
sick  local        is unhealthy
db    local        has no VIRTUAL_HOST

FILTERED
NAME  DOCKER HOST  DESTINATION        REASON
job   local        /etc/hosts.d/apps  exposes no port

WARNINGS
NAME  DOCKER HOST  WARNING
web   local        exposes the TCP ports 80, 81 and has no VIRTUAL_PORT, so port 80 is used

CERTIFICATES
NAME          EXPIRES     STATUS
demo.example  2027-01-31  ok
old.example   2026-11-01  expired; renew it`,
  );
});

test("prints errors of the configuration, templates, targets and agents", () => {
  const [target] = exampleReport().targets;
  const [agent] = exampleReport().agents;
  const text = printReport(
    exampleReport({
      rejectedConfig: ["renderer.yml:3:1: unknown key"],
      targets: [
        { ...target!, pending: true, error: "nginx: [emerg] unknown directive", transaction: "front" },
        {
          ...target!,
          destination: "/out",
          templateError: "t.hbs:1:1: unknown helper",
          publishedAt: MORNING + 1_000,
          generation: 9,
        },
      ],
      agents: [{ ...agent!, connected: false, error: "ENOENT" }],
    }),
  );
  assert.match(text, /agents 0\/1 connected; last published 2026-11-24 08:30:16 UTC \(generation 9\)$/m);
  assert.match(
    text,
    /^NEEDS ATTENTION\nLEVEL +WHAT\nerror +edited configuration rejected: renderer\.yml:3:1: unknown key$/m,
  );
  assert.match(text, /^\/etc\S+ +pending +7 +nginx: \[emerg\] unknown directive; transaction front$/m);
  assert.match(text, /^\/out +live +9 +template rejected: t\.hbs:1:1: unknown helper$/m);
  assert.match(text, / disconnected: ENOENT /);
});

test("escapes text of containers and does not align to very long names", () => {
  const text = printReport(exampleReport({ unrouted: [entry("x".repeat(200), "a\u001b[31m\nb"), entry("db", "c")] }));
  assert.match(text, /^x{200} {2}local {8}a\\u001b\[31m\\nb$/m);
  assert.match(text, /^db {4}local {8}c$/m);
  assert.match(text, /^[\x20-\x7e\n]*$/);
});

test("names the containers that an agent could not read, and those beyond its limit", () => {
  const [agent] = exampleReport().agents;
  const report = exampleReport({ agents: [{ ...agent!, overflow: 3, unreadable: 1 }] });
  assert.match(printReport(report), /Docker connected; 3 containers beyond the agent's limit; 1 container unreadable/);
  assert.match(printReport(report), /^error +agent \S+: 3 containers beyond its limit$/m);
});

test("counts how often Docker's event stream ended, such as behind a socket proxy with a time limit", () => {
  const [agent] = exampleReport().agents;
  for (const [streamEnds, printed] of [
    [0, /Docker connected *\d/],
    [1, /Docker connected; Docker's event stream ended once/],
    [5, /Docker connected; Docker's event stream ended 5 times/],
  ] as const)
    assert.match(printReport(exampleReport({ agents: [{ ...agent!, streamEnds }] })), printed);
});

test("page, text, JSON and exit codes have one list of what needs attention", () => {
  const [target] = exampleReport().targets;
  const [agent] = exampleReport().agents;
  const [routed, unavailable] = exampleReport().virtualHosts;
  const certificate = { name: "a", hosts: [] };
  const fine = { virtualHosts: [routed!], quarantined: [], certificates: [] };
  for (const [changes, text, isUnhealthy] of [
    [{}, undefined, false],
    [{ virtualHosts: [unavailable!] }, "1 host unavailable: ill.example", false],
    [{ virtualHosts: [{ ...routed!, closed: ["x"] }] }, /^1 host closed by .*: demo\.example$/, false],
    [{ virtualHosts: [{ ...routed!, paths: [...routed!.paths, ...unavailable!.paths] }] }, /^1 host partly/, false],
    [{ quarantined: exampleReport().quarantined }, "1 quarantined: evil", false],
    [{ certificates: [{ ...certificate, error: "x" }] }, "certificate a is unusable", false],
    [{ certificates: [{ ...certificate, daysLeft: 3, warning: "x" }] }, "certificate a expires in 3 days", false],
    [{ certificates: [{ ...certificate, daysLeft: -3, warning: "x" }] }, "certificate a has expired", false],
    [{ rejectedConfig: ["x"] }, "edited configuration rejected: x", true],
    [{ targets: [{ ...target!, templateError: "x" }] }, "edited template rejected: x", true],
    [
      { targets: [{ ...target!, pending: true, error: "nginx does not run" }] },
      /is not up to date: nginx does not run$/,
      true,
    ],
    [{ agents: [{ ...agent!, connected: false }] }, /^agent \S+ is disconnected/, true],
    [{ agents: [{ ...agent!, docker: "unreachable" }] }, "Docker on local is not connected", true],
    [{ agents: [{ ...agent!, auditError: "forked" }] }, /^agent \S+: forked$/, true],
    [{ agents: [{ ...agent!, overflow: 2 }] }, /^agent \S+: 2 containers beyond its limit$/, true],
  ] as const) {
    const report = exampleReport({ ...fine, ...(changes as Partial<Report>) });
    const [found] = report.attention;
    assert.equal(report.attention.length, text === undefined ? 0 : 1, JSON.stringify(report.attention));
    assert.equal(faultsOfRenderer(report).length > 0, isUnhealthy, String(text));
    if (!found) continue;
    if (text instanceof RegExp) assert.match(found.text, text);
    else assert.equal(found.text, text);
    assert.ok(printReport(report).includes(found.text));
    assert.ok(statusPage(report, { at: MORNING, isLast: false }).includes(found.text));
  }
});
