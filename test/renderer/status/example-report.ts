import { attentionOf } from "../../../renderer/status/attention.ts";
import type { Entry, Report, VirtualHostReport } from "../../../renderer/status/report.ts";

/** A morning in November, in milliseconds since the epoch. */
export const MORNING = Date.UTC(2026, 10, 24, 8, 30, 15);

const MINUTE_MS = 60_000;

export const EMPTY_REPORT: Report = {
  pid: 1,
  attention: [],
  rejectedConfig: [],
  targets: [],
  agents: [],
  services: [],
  nodes: [],
  virtualHosts: [],
  reserved: [],
  rendered: [],
  quarantined: [],
  unrouted: [],
  filtered: [],
  warnings: [],
  certificates: [],
  requestedCertificates: [],
};

/** Returns an entry of the report about a container. The value is part of the reason, without escapes. */
export function entry(name: string, reason: string, value?: string): Entry {
  const id = Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64);
  const text = value === undefined ? reason : `${reason}: "${value}"`;
  return { name, id, dockerHost: "local", code: "host.refused", reason: text };
}

/** Returns a report with content in every section, except for `changes`. */
export function exampleReport(changes: Partial<Report> = {}): Report {
  const report: Report = {
    ...EMPTY_REPORT,
    targets: [
      {
        destination: "/etc/nginx/conf.d/default.conf",
        pending: false,
        publishedAt: MORNING,
        generation: 7,
        sha256: "ab".repeat(32),
        publications: [
          { at: MORNING, outcome: "published", generation: 7, sha256: "ab".repeat(32) },
          { at: MORNING - MINUTE_MS, outcome: "rejected", generation: 6, error: "nginx: [emerg] line 3\nof the file" },
        ],
      },
    ],
    agents: [
      {
        socket: "/run/sallyport/agent/rpc.sock",
        dockerHost: "local",
        connected: true,
        since: MORNING,
        docker: "connected",
        generation: 9,
        containers: 6,
      },
    ],
    virtualHosts: [routed("demo.example", "web"), { ...routed("ill.example", "sick"), ...UNAVAILABLE }],
    unrouted: [entry("sick", "is unhealthy"), entry("db", "has no VIRTUAL_HOST")],
    quarantined: [entry("evil", "VIRTUAL_HOST: not a DNS name", "a;\nb")],
    warnings: [entry("web", "exposes the TCP ports 80, 81 and has no VIRTUAL_PORT, so port 80 is used")],
    certificates: [
      { name: "demo.example", hosts: ["demo.example"], expires: "2027-01-31", daysLeft: 68 },
      {
        name: "old.example",
        hosts: ["old.example"],
        expires: "2026-11-01",
        daysLeft: -23,
        warning: "expired; renew it",
      },
    ],
    ...changes,
  };
  return { ...report, attention: attentionOf(report) };
}

const UNAVAILABLE = {
  paths: [{ path: "/", protocol: "http", servers: [] }],
  unavailable: [{ container: "sick", reason: "is unhealthy" }],
};

function routed(host: string, container: string): VirtualHostReport {
  const server = { endpoint: "10.0.0.1:80", container, health: "healthy", createdAt: 1, startedAt: MORNING };
  return {
    host,
    paths: [{ path: "/", protocol: "http", servers: [server] }],
    unavailable: [],
  };
}
