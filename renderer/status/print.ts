import { asciiJson } from "../../shared/log.ts";
import type { Report } from "./report.ts";
import { staleHosts } from "./stale.ts";

/** The report for a person. What containers wrote is escaped. */
export function printReport(report: Report): string {
  const targets = report.targets.map(
    ({ destination, transaction, pending, problem, warning, generation, liveHash }) =>
      `target  ${destination}  ${transaction === undefined ? "" : `transaction ${transaction}  `}generation ${generation}  ${pending ? `pending: ${shown(problem)}` : liveHash === undefined ? "waits for what the agents tell" : "live"}${warning === undefined ? "" : `  (${shown(warning)})`}`,
  );
  const agents = report.agents.map(
    ({ socket, host, connected, docker, containers, problem }) =>
      `agent   ${socket}  ${host}  ${connected ? `connected, Docker ${docker}` : `absent: ${shown(problem)}`}  ${containers} containers`,
  );
  const stale = staleHosts(report);
  const isStale = ({ servers }: Report["virtualHosts"][number]["paths"][number]): boolean =>
    servers.some(({ dockerHost = "" }) => stale.has(dockerHost));
  const hosts = report.virtualHosts.map(
    ({ host, servers, tls, paths }) =>
      `host    ${host}  ${servers.length === 0 ? "503: nobody can answer now" : servers.join(", ")}${tls ? `  TLS until ${tls.until}` : ""}${paths.some(isStale) ? "  as it was: its agent is absent" : ""}`,
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
  const config = (report.refusedConfig ?? []).map((problem) => `config  is not used: ${shown(problem)}`);
  const templates = (report.refusedTemplates ?? []).map(
    ({ destination, problem }) => `template of ${destination} is not used: ${shown(problem)}`,
  );
  const all = [
    ...config,
    ...templates,
    ...targets,
    ...agents,
    ...hosts,
    ...certificates,
    ...aside,
    ...remarks,
    ...unrouted,
  ];
  return all.join("\n");
}

/** Text of somebody else on a terminal: ASCII, in one line. Quotes need no backslash there. */
export function shown(text = ""): string {
  return asciiJson(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"');
}
