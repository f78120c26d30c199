import type { Report } from "../../../../renderer/status/report.ts";

/** A morning in November, in milliseconds since the epoch. */
export const MORNING = Date.UTC(2026, 10, 24, 8, 30, 15);

const MINUTE_MS = 60_000;

/** A container of a report, with these words of its own in every place where it has words. */
export function finding(name: string, detail: string, value?: string): Report["unrouted"][number] {
  const id = Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64);
  return { id, host: "local", name, reason: "host.refused", detail, ...(value !== undefined && { value }) };
}

/** A report with something to see in every section. `changes` take the place of what it would say. */
export function exampleReport(changes: Partial<Report> = {}): Report {
  return {
    pid: 1,
    targets: [
      {
        destination: "/etc/nginx/conf.d/default.conf",
        pending: false,
        publishedAt: MORNING,
        generation: 7,
        liveHash: "ab".repeat(32),
        publications: [
          { at: MORNING, outcome: "published", generation: 7, hash: "ab".repeat(32) },
          { at: MORNING - MINUTE_MS, outcome: "rejected", generation: 6, reason: "nginx: [emerg] line 3\nof the file" },
        ],
      },
    ],
    agents: [
      {
        socket: "/run/sallyport/agent/rpc.sock",
        host: "local",
        connected: true,
        since: MORNING,
        docker: "connected",
        generation: 9,
        containers: 6,
      },
    ],
    virtualHosts: [served("demo.example", "web"), { ...served("ill.example", "sick"), ...NOBODY }],
    unrouted: [finding("sick", "is unhealthy"), finding("db", "has no VIRTUAL_HOST")],
    quarantined: [finding("evil", "VIRTUAL_HOST: not a DNS name", "a;\nb")],
    remarks: [finding("web", "exposes the TCP ports 80, 81 and has no VIRTUAL_PORT: 80 is used")],
    certificates: [
      { name: "demo.example", names: ["demo.example"], until: "2027-01-31", daysLeft: 68 },
      { name: "old.example", names: ["old.example"], until: "2026-11-01", daysLeft: -23, problem: "ended" },
    ],
    ...changes,
  };
}

const NOBODY = {
  servers: [],
  containers: [],
  paths: [{ path: "/", protocol: "http", servers: [] }],
  waiting: [{ container: "sick", detail: "is unhealthy" }],
};

function served(host: string, container: string): Report["virtualHosts"][number] {
  const server = { endpoint: "10.0.0.1:80", container, health: "healthy", createdAt: 1, startedAt: MORNING };
  return {
    host,
    servers: [server.endpoint],
    containers: [container],
    paths: [{ path: "/", protocol: "http", servers: [server] }],
    waiting: [],
  };
}
