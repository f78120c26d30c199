import { asciiJson } from "../../shared/log.ts";
import type { Report } from "./report.ts";

/** The report for a person. What containers wrote is escaped. */
export function printReport(report: Report): string {
  const targets = report.targets.map(
    ({ destination, pending, problem, warning, generation }) =>
      `target  ${destination}  generation ${generation}  ${pending ? `pending: ${shown(problem)}` : "live"}${warning === undefined ? "" : `  (${shown(warning)})`}`,
  );
  const agents = report.agents.map(
    ({ socket, host, connected, docker, containers, problem }) =>
      `agent   ${socket}  ${host}  ${connected ? `connected, Docker ${docker}` : `absent: ${shown(problem)}`}  ${containers} containers`,
  );
  const hosts = report.virtualHosts.map(
    ({ host, servers, tls }) =>
      `host    ${host}  ${servers.length === 0 ? "503: nobody can answer now" : servers.join(", ")}${tls ? `  TLS until ${tls.until}` : ""}`,
  );
  const aside = report.quarantined.map(
    ({ name, detail, value }) =>
      `aside   ${shown(name)}  ${shown(detail)}${value === undefined ? "" : ` (${asciiJson(value)})`}`,
  );
  const unrouted = report.unrouted.map(({ name, detail }) => `without ${shown(name)}  ${shown(detail)}`);
  const remarks = report.remarks.map(
    ({ name, detail, value }) =>
      `remark  ${shown(name)}  ${shown(detail)}${value === undefined ? "" : ` (${asciiJson(value)})`}`,
  );
  const certificates = report.certificates.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`cert    ${shown(name)}  ${shown(problem)}`],
  );
  return [...targets, ...agents, ...hosts, ...certificates, ...aside, ...remarks, ...unrouted].join("\n");
}

/** Text of somebody else on a terminal: ASCII, in one line. Quotes need no backslash there. */
export function shown(text = ""): string {
  return asciiJson(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"');
}
