import { RE2JS } from "re2js";
import { nearest } from "../../shared/nearest.ts";
import { shown } from "./print.ts";
import { staleHosts } from "./stale.ts";
import type { Report } from "./report.ts";

/** An answer for a person, and whether what was asked for is routed. */
export interface Explanation {
  readonly text: string;
  readonly isRouted: boolean;
}

/** Pure: why a host or a container (by name, or by the beginning of its id) is routed where it is, or why not. */
export function explain(report: Report, asked: string): Explanation {
  const name = asked.toLowerCase();
  const host = hostFor(report, name);
  const container = explainContainer(report, asked);
  if (host) {
    const lines = [...explainHost(host, name, staleHosts(report)), ...(container ? ["", ...container.lines] : [])];
    return { text: lines.join("\n"), isRouted: host.servers.length > 0 || host.redirectTo !== undefined };
  }
  if (container) return { text: container.lines.join("\n"), isRouted: container.isRouted };
  return { text: unknown(report, asked), isRouted: false };
}

type Listed = NonNullable<Report["listed"]>[number];
type Host = Report["virtualHosts"][number];

/** nginx's own order: the name itself, the longest wildcard before it, the longest behind it, the first expression. */
function hostFor({ virtualHosts }: Report, name: string): Host | undefined {
  const byLength = (standing: Host[]): Host | undefined =>
    standing.toSorted((a, b) => b.host.length - a.host.length)[0];
  return (
    virtualHosts.find(({ host }) => host === name) ??
    byLength(virtualHosts.filter(({ host }) => host.startsWith("*.") && name.endsWith(host.slice(1)))) ??
    byLength(virtualHosts.filter(({ host }) => host.endsWith(".*") && name.startsWith(host.slice(0, -1)))) ??
    virtualHosts.find(({ host }) => host.startsWith("~") && isMatch(host.slice(1), name))
  );
}

/** In linear time, whatever the expression; one that needs more, as nginx's own may, fits no name here. */
function isMatch(expression: string, name: string): boolean {
  return compile(expression)?.matcher(name).find() ?? false;
}

function compile(expression: string): RE2JS | undefined {
  try {
    return RE2JS.compile(expression, RE2JS.CASE_INSENSITIVE);
  } catch {
    return undefined;
  }
}

function explainHost(
  { host, paths, waiting, disputed = [], redirectTo, tls, rules }: Host,
  asked: string,
  stale: ReadonlySet<string>,
): string[] {
  const by = host === asked ? "" : ` (by ${shown(host)})`;
  const secured = tls
    ? [`  TLS with certificate ${tls.certificate}, good until ${tls.until}`]
    : rules === undefined
      ? ["  no TLS: it has no certificate, or none is wanted"]
      : [];
  const held = waiting.map(({ container, detail }) => `  waiting: container ${shown(container)} ${shown(detail)}`);
  const lost = disputed.map(
    ({ container, detail }) => `  not counted: container ${shown(container)}: ${shown(detail)}`,
  );
  const isKept = redirectTo === undefined && waiting.length === 0 && paths.every(({ servers }) => servers.length === 0);
  const answers =
    redirectTo === undefined
      ? paths.flatMap((path) => explainPath(path, paths.length > 1, isKept, stale))
      : [`  redirects to ${shown(redirectTo)}`];
  return [
    `host ${asked}${by}`,
    ...answers,
    ...held,
    ...lost,
    ...secured,
    ...(rules ?? []).map((rule) => `  ${shown(rule)}`),
  ];
}

/** Only a host with several paths names them; the usual protocol is not worth a word. */
function explainPath(
  { path, protocol, servers, rules = [] }: Host["paths"][number],
  isOneOfMany: boolean,
  isKept: boolean,
  stale: ReadonlySet<string>,
): string[] {
  const isNamed = isOneOfMany || path !== "/" || protocol !== "http" || rules.length > 0;
  const indent = isNamed ? "    " : "  ";
  const replicas = servers.map(({ endpoint, container, dockerHost = "", rules: own = [] }) => {
    const more = own.length === 0 ? "" : ` (${own.join(", ")})`;
    const note = stale.has(dockerHost) ? `  as it was: the agent of ${shown(dockerHost)} is absent` : "";
    return `${indent}${endpoint}  container ${shown(container)}${more}${note}`;
  });
  const nobody = isKept ? "503: the containers that claimed it are gone" : "503: those that claim it cannot answer now";
  const answers = servers.length === 0 ? [`${indent}${nobody}`] : replicas;
  return [
    ...(isNamed ? [`  ${shown(path)}${protocol === "http" ? "" : ` by ${protocol}`}`] : []),
    ...answers,
    ...rules.map((rule) => `${indent}${shown(rule)}`),
  ];
}

function explainContainer(report: Report, asked: string): { lines: string[]; isRouted: boolean } | undefined {
  const isAsked = ({ name, id }: { name: string; id?: string }): boolean =>
    name === asked || (/^[0-9a-f]{6,64}$/.test(asked) && id?.startsWith(asked) === true);
  const listed = (report.listed ?? []).filter(isAsked);
  const findings = [...report.quarantined, ...report.unrouted, ...report.remarks].filter(isAsked);
  const name = findings[0]?.name ?? listed[0]?.name ?? asked;
  const hosts = report.virtualHosts.filter(({ containers }) => containers.includes(name));
  if (findings.length === 0 && hosts.length === 0 && listed.length === 0) return undefined;
  const isAside = report.quarantined.some(isAsked);
  const said = findings.map(
    ({ detail, value }) => `  ${shown(detail)}${value === undefined ? "" : `: "${shown(value)}"`}`,
  );
  const stands =
    hosts.length > 0
      ? `  answers for ${hosts.map(({ host }) => host).join(", ")}`
      : `  ${isAside ? "set aside" : "not routed"}:`;
  const kind = findings.some(({ id }) => id === "") ? "host" : "container";
  const inFiles = listed.flatMap((one) => explainListed(one, listed.length > 1));
  const isListed = listed.some(({ destinations }) => destinations.length > 0);
  const own = hosts.length > 0 || said.length > 0 ? [stands, ...said] : [];
  return { lines: [`${kind} ${shown(name)}`, ...own, ...inFiles], isRouted: hosts.length > 0 || isListed };
}

/** What general targets make of a container; of several of one name each says its Docker host. */
function explainListed({ host, destinations, leftOut }: Listed, isOneOfMany: boolean): string[] {
  const on = isOneOfMany ? `on ${shown(host)}: ` : "";
  return [
    ...destinations.map((destination) => `  ${on}seen by the template of ${shown(destination)}`),
    ...leftOut.map(({ destination, detail }) => `  ${on}not for ${shown(destination)}: ${shown(detail)}`),
  ];
}

function unknown(report: Report, asked: string): string {
  const hosts = report.virtualHosts.flatMap(({ host, containers }) => [host, ...containers]);
  const names = [...hosts, ...[...report.unrouted, ...(report.listed ?? [])].map(({ name }) => name)];
  const near = nearest(asked, names);
  const hint = near === undefined ? "" : ` Did you mean ${shown(near)}?`;
  const absent = report.agents
    .filter(({ connected }) => !connected)
    .map(({ socket }) => `\n  ${socket} is absent: what it told may be old`);
  const untried = report.virtualHosts
    .filter(({ host }) => host.startsWith("~") && compile(host.slice(1)) === undefined)
    .map(({ host }) => `\n  ${shown(host)} cannot be tried here: nginx may find that it fits`);
  const notes = [...absent, ...untried].join("");
  return `${shown(asked)}: no host of this name is claimed, and no agent tells of a container called so.${hint}${notes}`;
}
