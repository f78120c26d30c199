import { requestedState } from "./acme.ts";
import { counted, utc } from "./format.ts";
import { printable } from "./printable.ts";
import {
  availabilityOf,
  closuresOf,
  type Entry,
  isOutdated,
  type Report,
  staleDockerHosts,
  type VirtualHostReport,
} from "./report.ts";
import { routingText, tasksText } from "./services.ts";
import { summaryOf } from "./summary.ts";

/** Prints the report for people: a summary line, then one table per section. Untrusted text is escaped. */
export function printReport(report: Report): string {
  const stale = staleDockerHosts(report);
  return [
    summaryOf(report),
    ...section(
      "NEEDS ATTENTION",
      ["LEVEL", "WHAT"],
      report.attention.map(({ level, text }) => [level, text]),
    ),
    ...section("TARGETS", ["DESTINATION", "STATUS", "GENERATION", "DETAIL"], report.targets.map(targetRow)),
    ...section("AGENTS", ["SOCKET", "DOCKER HOST", "STATUS", "CONTAINERS"], report.agents.map(agentRow)),
    ...section(
      "SERVICES",
      ["SERVICE", "TASKS", "STATUS"],
      report.services.map((one) => [one.name, tasksText(one, report), routingText(one).join("; ")]),
    ),
    ...section(
      "NODES",
      ["NODE", "STATE", "TASKS"],
      report.nodes.map(({ name, state, tasks }) => [name, state, String(tasks)]),
    ),
    ...section(
      "HOSTS",
      ["HOST", "STATUS", "TLS", "SERVERS"],
      report.virtualHosts.map((host) => hostRow(host, stale)),
    ),
    ...section(
      "RESERVED",
      ["NAME", "OWNER", "UNTIL"],
      report.reserved.map(({ name, owner, until }) => [name, owner, until === undefined ? "-" : utc(until)]),
    ),
    ...section(
      "CLOSED",
      ["HOST", "REASON"],
      report.virtualHosts.flatMap((host) => closuresOf(host).map((reason) => [host.host, reason])),
    ),
    ...section("QUARANTINED", ["NAME", "DOCKER HOST", "REASON"], report.quarantined.map(entryRow)),
    ...section("UNROUTED", ["NAME", "DOCKER HOST", "REASON"], report.unrouted.map(entryRow)),
    ...section(
      "FILTERED",
      ["NAME", "DOCKER HOST", "DESTINATION", "REASON"],
      report.filtered.map(({ name, dockerHost, destination, reason }) => [name, dockerHost, destination, reason]),
    ),
    ...section("WARNINGS", ["NAME", "DOCKER HOST", "WARNING"], report.warnings.map(entryRow)),
    ...section(
      "CERTIFICATES",
      ["NAME", "EXPIRES", "STATUS"],
      report.certificates.map(({ name, expires = "-", error, warning = "ok" }) => [
        name,
        expires,
        error === undefined ? warning : `unusable: ${error}`,
      ]),
    ),
    ...section(
      "REQUESTED CERTIFICATES",
      ["NAME", "EXPIRES", "STATUS"],
      report.requestedCertificates.map((one) => [one.name, one.expires ?? "-", requestedState(one)]),
    ),
  ].join("\n");
}

function targetRow({
  destination,
  transaction,
  pending,
  error,
  warning,
  templateError,
  generation,
  sha256,
}: Report["targets"][number]): string[] {
  const details = [
    ...(error === undefined ? [] : [error]),
    ...(templateError === undefined ? [] : [`template rejected: ${templateError}`]),
    ...(warning === undefined ? [] : [warning]),
    ...(transaction === undefined ? [] : [`transaction ${transaction}`]),
  ];
  const status = pending ? "pending" : sha256 === undefined ? "waiting for agents" : "live";
  return [destination, status, String(generation), details.join("; ")];
}

function agentRow({
  socket,
  dockerHost,
  connected,
  docker,
  containers,
  error = "",
  auditError,
  staleAt,
  overflow = 0,
  unreadable = 0,
  streamEnds = 0,
  swarm,
}: Report["agents"][number]): string[] {
  const stale = staleAt === undefined ? "" : `; its hosts return 503 from ${utc(staleAt)} on`;
  const connection = connected ? `connected, Docker ${docker}` : `disconnected: ${error}${stale}`;
  const status = [
    connection,
    ...(connected && isOutdated(swarm) ? ["tasks of the swarm may be outdated, see the agent's log"] : []),
    ...(auditError === undefined ? [] : [auditError]),
    ...(overflow === 0 ? [] : [`${counted(overflow, "container")} beyond the agent's limit`]),
    ...(unreadable === 0 ? [] : [`${counted(unreadable, "container")} unreadable, see the agent's log`]),
    ...(streamEnds === 0 ? [] : [`Docker's event stream ended ${streamEnds === 1 ? "once" : `${streamEnds} times`}`]),
  ].join("; ");
  return [socket, dockerHost === "" ? "-" : dockerHost, status, String(containers)];
}

function hostRow(virtualHost: VirtualHostReport, stale: ReadonlySet<string>): string[] {
  const { host, paths, redirectTo, tls } = virtualHost;
  const servers = paths.flatMap((path) => path.servers);
  const isStale = servers.some(({ dockerHost = "" }) => stale.has(dockerHost));
  const availability = { all: "routed", some: "partly routed", none: "503" }[availabilityOf(virtualHost)];
  const isClosed = closuresOf(virtualHost).length > 0;
  return [
    host,
    isClosed ? "closed" : isStale ? "last known state" : availability,
    tls ? `until ${tls.expires}` : "-",
    redirectTo === undefined ? servers.map(({ endpoint }) => endpoint).join(", ") : `redirects to ${redirectTo}`,
  ];
}

function entryRow({ name, dockerHost = "-", reason }: Entry): string[] {
  return [name, dockerHost, reason];
}

/** Characters up to which a cell widens its column. */
const MAX_ALIGNED = 60;

/** Aligns the columns under their headings; an empty section is not printed. */
function section(title: string, headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const cells = [headings, ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => row[column]!.length).filter((width) => width <= MAX_ALIGNED)),
  );
  const lines = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "));
  return ["", title, ...lines.map((line) => line.trimEnd())];
}
