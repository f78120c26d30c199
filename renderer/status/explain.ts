import { nearest } from "../../shared/nearest.ts";
import { shown } from "./print.ts";
import type { Report } from "./report.ts";

/** An answer for a person, and whether what was asked for is routed. */
export interface Explanation {
  readonly text: string;
  readonly isRouted: boolean;
}

/** Pure: why a host or a container (by name, or by the beginning of its id) is routed where it is, or why not. */
export function explain(report: Report, asked: string): Explanation {
  const name = asked.toLowerCase();
  const host = report.virtualHosts.find((one) => one.host === name) ?? wildcardFor(report, name);
  const container = explainContainer(report, asked);
  if (host) {
    const lines = [...explainHost(host, name), ...(container ? ["", ...container.lines] : [])];
    return { text: lines.join("\n"), isRouted: host.servers.length > 0 };
  }
  if (container) return { text: container.lines.join("\n"), isRouted: container.isRouted };
  return { text: unknown(report, asked), isRouted: false };
}

type Host = Report["virtualHosts"][number];

/** nginx's own order: the longest wildcard that stands for the name. */
function wildcardFor({ virtualHosts }: Report, name: string): Host | undefined {
  const standing = virtualHosts.filter(({ host }) => host.startsWith("*.") && name.endsWith(host.slice(1)));
  return standing.toSorted((a, b) => b.host.length - a.host.length)[0];
}

function explainHost({ host, servers, containers, tls }: Host, asked: string): string[] {
  const by = host === asked ? "" : ` (by ${host})`;
  const replicas = servers.map((server, index) => `  ${server}  container ${shown(containers[index])}`);
  const served = servers.length === 0 ? ["  503: those that claim it cannot answer now"] : replicas;
  const secured = tls
    ? `  TLS with certificate ${tls.certificate}, good until ${tls.until}`
    : "  no TLS: it has no certificate, or none is wanted";
  return [`host ${asked}${by}`, ...served, secured];
}

function explainContainer(report: Report, asked: string): { lines: string[]; isRouted: boolean } | undefined {
  const isAsked = ({ name, id }: { name: string; id?: string }): boolean =>
    name === asked || (/^[0-9a-f]{6,64}$/.test(asked) && id?.startsWith(asked) === true);
  const findings = [...report.quarantined, ...report.unrouted, ...report.remarks].filter(isAsked);
  const name = findings[0]?.name ?? asked;
  const hosts = report.virtualHosts.filter(({ containers }) => containers.includes(name));
  if (findings.length === 0 && hosts.length === 0) return undefined;
  const isAside = report.quarantined.some(isAsked);
  const said = findings.map(
    ({ detail, value }) => `  ${shown(detail)}${value === undefined ? "" : `: "${shown(value)}"`}`,
  );
  const stands =
    hosts.length > 0
      ? `  answers for ${hosts.map(({ host }) => host).join(", ")}`
      : `  ${isAside ? "set aside because of what it says" : "not routed"}:`;
  return { lines: [`container ${shown(name)}`, stands, ...said], isRouted: hosts.length > 0 };
}

function unknown(report: Report, asked: string): string {
  const names = [...report.virtualHosts.map(({ host }) => host), ...report.unrouted.map(({ name }) => name)];
  const near = nearest(asked, names);
  const hint = near === undefined ? "" : ` Did you mean ${shown(near)}?`;
  const absent = report.agents
    .filter(({ connected }) => !connected)
    .map(({ socket }) => `\n  ${socket} is absent: what it told may be old`);
  return `${shown(asked)}: no host of this name is claimed, and no agent tells of a container called so.${hint}${absent.join("")}`;
}
