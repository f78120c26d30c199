import { RE2JS } from "re2js";
import { nearest } from "../../shared/nearest.ts";
import { shellArgument } from "../routes/shell-argument.ts";
import { parseStreamName } from "../routes/stream-name.ts";
import { requestedState } from "./acme.ts";
import { counted, utc } from "./format.ts";
import { printable } from "./printable.ts";
import { routingText, servicesNamed, tasksText } from "./services.ts";
import {
  availabilityOf,
  closuresOf,
  type Entry,
  type Report,
  staleDockerHosts,
  type VirtualHostReport,
} from "./report.ts";

export interface Explanation {
  readonly text: string;
  readonly isRouted: boolean;
}

type Reserved = Report["reserved"][number];

/** Explains how a virtual host or a container (by name or id prefix) is routed, or why it is not. Pure. */
export function explain(report: Report, query: string): Explanation {
  const name = query.toLowerCase();
  const host = hostFor(report, name);
  const container = explainService(report, query) ?? explainContainer(report, query) ?? explainNode(report, query);
  const refused = explainRefused(report, name);
  const others = [...refused, ...(container ? ["", ...container.lines] : [])];
  if (host && "name" in host) {
    const lines = [...explainReserved(host, hostKey(host, name)), ...others];
    return { text: lines.join("\n"), isRouted: container?.isRouted ?? false };
  }
  if (host) {
    const lines = [
      ...explainHost(host, hostKey(host, name), staleDockerHosts(report)),
      ...explainPending(report),
      ...report.requestedCertificates
        .filter(({ hosts }) => hosts.includes(host.host))
        .map((one) => `  ACME certificate ${printable(one.name)}: ${printable(requestedState(one))}`),
      ...others,
    ];
    const isRouted = availabilityOf(host) !== "none";
    return { text: lines.join("\n"), isRouted };
  }
  if (refused.length > 0) {
    const text = [`host ${printable(query)}`, "  not routed", ...others].join("\n");
    return { text, isRouted: container?.isRouted ?? false };
  }
  if (container) return { text: container.lines.join("\n"), isRouted: container.isRouted };
  return { text: notFound(report, query), isRouted: false };
}

/** Returns the names of streams that a port or a server name may mean, after the name itself. */
function namesFor(query: string): string[] {
  return [query, ...["tcp", "udp", "tls"].map((protocol) => `${query}/${protocol}`)];
}

/** Returns the query as the name of what was found: `5432/tcp` for `5432`. */
function hostKey(found: VirtualHostReport | Reserved, query: string): string {
  const [, protocol] = /\/(tcp|udp|tls)$/.exec("name" in found ? found.name : found.host) ?? [];
  return protocol === undefined || query.endsWith(`/${protocol}`) ? query : `${query}/${protocol}`;
}

function hostFor(report: Report, name: string): VirtualHostReport | Reserved | undefined {
  for (const one of namesFor(name)) {
    const found = answering(report, one);
    if (found) return found;
  }
  return undefined;
}

/**
 * Returns what answers for a name, in nginx's order: exact name, longest leading wildcard, longest trailing wildcard,
 * first matching expression. Names with an owner and no virtual host are part of the choice.
 */
function answering({ virtualHosts, reserved }: Report, name: string): VirtualHostReport | Reserved | undefined {
  const byName = new Map<string, VirtualHostReport | Reserved>([
    ...reserved.map((one) => [one.name, one] as const),
    ...virtualHosts.map((one) => [one.host, one] as const),
  ]);
  const all = [...byName.keys()];
  const longest = (found: string[]): string | undefined => found.toSorted((a, b) => b.length - a.length)[0];
  const found =
    all.find((host) => host === name) ??
    longest(all.filter((host) => host.startsWith("*.") && name.endsWith(host.slice(1)))) ??
    longest(all.filter((host) => host.endsWith(".*") && name.startsWith(host.slice(0, -1)))) ??
    all.find((host) => compile(host)?.matcher(name).find());
  return found === undefined ? undefined : byName.get(found);
}

/** RE2 matches in linear time. Returns undefined for expressions beyond it, such as those with back references. */
function compile(host: string): RE2JS | undefined {
  try {
    return host.startsWith("~") ? RE2JS.compile(host.slice(1), RE2JS.CASE_INSENSITIVE) : undefined;
  } catch {
    return undefined;
  }
}

function explainReserved({ name, owner, until }: Reserved, query: string): string[] {
  const belongs = `  ${parseStreamName(name) ? "closed" : "503"}: belongs to ${printable(owner)}, which has no container for it`;
  return [
    `host ${printable(query)}${name === query ? "" : ` (matches ${printable(name)})`}`,
    ...(until === undefined
      ? [`${belongs} (\`owners\`)`]
      : [
          `${belongs}, until ${utc(until)}`,
          `  to let another container have it before: sallyport-renderer release ${shellArgument(printable(name))}`,
        ]),
  ];
}

/** Returns the containers that request a name and do not serve it, with the reasons. */
function explainRefused({ quarantined, unrouted, warnings }: Report, query: string): string[] {
  const requesting = [...quarantined, ...unrouted, ...warnings].filter(({ hosts = [] }) =>
    hosts.some((host) => namesFor(query).includes(host.toLowerCase())),
  );
  return requesting.map(({ name, code, reason }) => {
    // The operator's rule would give it this name.
    const what = code === "host.none" ? "not requested" : "requested";
    return `  ${what} by container ${printable(name)}: ${printable(reason)}`;
  });
}

function containersOf({ paths }: VirtualHostReport): string[] {
  return paths.flatMap(({ servers }) => servers.map(({ container }) => container));
}

function explainHost(host: VirtualHostReport, name: string, stale: ReadonlySet<string>): string[] {
  const { paths, unavailable, conflicts = [], closed = [], redirectTo, tls, settings, owner } = host;
  // Only a reload grace period keeps a host that no container requests.
  const isRequested = unavailable.length > 0 || containersOf(host).length > 0;
  return [
    `host ${name}${host.host === name ? "" : ` (matches ${printable(host.host)})`}`,
    ...closed.map((reason) => `  closed (503): ${printable(reason)}`),
    ...(redirectTo === undefined
      ? paths.flatMap((path) => explainPath(path, { isOnly: paths.length === 1, isRequested, stale }))
      : [`  redirects to ${printable(redirectTo)}`]),
    ...(owner === undefined ? [] : [`  belongs to ${printable(owner)}`]),
    ...unavailable.map(
      ({ container, reason }) => `  unavailable: container ${printable(container)}: ${printable(reason)}`,
    ),
    ...conflicts.map(({ container, reason }) => `  ignored: container ${printable(container)}: ${printable(reason)}`),
    ...(tls ? [`  certificate ${tls.certificate}, expires ${tls.expires}`] : []),
    ...(settings ?? (tls ? [] : ["HTTP only"])).map((one) => `  ${printable(one)}`),
  ];
}

/** Returns why what is described is not live: a file of the operator may concern every host. */
function explainPending({ targets }: Report): string[] {
  return targets.flatMap(({ destination, pending, error }) =>
    pending && error !== undefined
      ? [`  not live yet: ${printable(destination)} keeps its last good version: ${printable(error)}`]
      : [],
  );
}

interface PathContext {
  readonly isOnly: boolean;
  readonly isRequested: boolean;
  readonly stale: ReadonlySet<string>;
}

/** Names the path unless it is the default one: `/` over HTTP, alone. */
function explainPath(
  { path, protocol, servers, closed = [], settings = [] }: VirtualHostReport["paths"][number],
  { isOnly, isRequested, stale }: PathContext,
): string[] {
  const isStream = ["tcp", "udp", "tls"].includes(protocol);
  const isDefault = isStream || (isOnly && path === "/" && protocol === "http" && settings.length === 0);
  const indent = isDefault ? "  " : "    ";
  const replicas = servers.map(({ endpoint, container, dockerHost = "", node, settings: own = [] }) => {
    const parameters = own.length === 0 ? "" : ` (${own.join(", ")})`;
    const note = stale.has(dockerHost)
      ? `  last known state: the agent of ${printable(dockerHost)} is disconnected`
      : "";
    const place = node === undefined ? "" : ` on node ${printable(node)}`;
    return `${endpoint}  container ${printable(container)}${place}${parameters}${note}`;
  });
  const unavailable = isRequested ? "no container is available" : "its containers are gone";
  return [
    ...(isDefault ? [] : [`  ${printable(path)}${protocol === "http" ? "" : ` (${protocol})`}`]),
    ...closed.map((reason) => `${indent}closed${isStream ? "" : " (503)"}: ${printable(reason)}`),
    ...(servers.length === 0 ? [`${isStream ? "closed" : "503"}: ${unavailable}`] : replicas).map(
      (line) => `${indent}${line}`,
    ),
    ...settings.map((one) => `${indent}${printable(one)}`),
  ];
}

function explainContainer(report: Report, query: string): { lines: string[]; isRouted: boolean } | undefined {
  const matches = ({ name, id }: Pick<Entry, "name" | "id">): boolean =>
    name === query || (/^[0-9a-f]{6,64}$/.test(query) && id?.startsWith(query) === true);
  const entries = [...report.quarantined, ...report.unrouted, ...report.warnings].filter(matches);
  const rendered = report.rendered.filter(matches);
  const filtered = report.filtered.filter(matches);
  const found = [...entries, ...rendered, ...filtered];
  const name = found[0]?.name ?? query;
  const hosts = report.virtualHosts.filter((host) => containersOf(host).includes(name));
  if (found.length === 0 && hosts.length === 0) return undefined;
  const isRouted = hosts.length > 0 || rendered.length > 0;
  const status =
    hosts.length > 0
      ? `routed by ${hosts.map(({ host }) => host).join(", ")}`
      : report.quarantined.some(matches)
        ? "quarantined"
        : "not routed";
  const dockerHosts = new Set(found.map(({ dockerHost }) => dockerHost));
  const on = (dockerHost: string): string => (dockerHosts.size > 1 ? `on ${printable(dockerHost)}: ` : "");
  const lines = [
    `${entries[0] && entries[0].id === undefined ? "host" : "container"} ${printable(name)}`,
    ...(hosts.length > 0 || entries.length > 0 ? [`  ${status}`] : []),
    ...hosts.flatMap((host) => {
      const closed = parseStreamName(host.host) ? "closed" : "closed (503)";
      return closuresOf(host).map((one) => `  ${host.host} is ${closed}: ${printable(one)}`);
    }),
    ...entries.map(({ reason }) => `  ${printable(reason)}`),
    ...rendered.map(({ dockerHost, destination }) => `  ${on(dockerHost)}rendered into ${printable(destination)}`),
    ...filtered.map(
      ({ dockerHost, destination, reason }) =>
        `  ${on(dockerHost)}filtered from ${printable(destination)} (\`containers\`): ${printable(reason)}`,
    ),
  ];
  return { lines, isRouted };
}

/** Explains a Swarm service by its name, with or without its stack, and its tasks, which are named `service.slot.id`. */
function explainService(report: Report, query: string): { lines: string[]; isRouted: boolean } | undefined {
  const services = servicesNamed(report, query);
  if (services.length === 0) return undefined;
  const lines = services.flatMap((service) => {
    const tasks = [...new Set(namesOf(report).filter((name) => isTaskOf(service.name, name)))];
    return [
      `service ${printable(service.name)}`,
      ...[tasksText(service, report), ...routingText(service)].map((line) => `  ${printable(line)}`),
      ...tasks.flatMap((name) => explainContainer(report, name)?.lines ?? []),
    ];
  });
  return { lines, isRouted: services.some(({ hosts }) => hosts.length > 0) };
}

function isTaskOf(service: string, name: string): boolean {
  return name.startsWith(`${service}.`) && /^\.[^.]+\.[a-z0-9]{25}$/.test(name.slice(service.length));
}

/** Explains a node of a swarm. */
function explainNode(report: Report, query: string): { lines: string[]; isRouted: boolean } | undefined {
  const found = report.nodes.filter(({ name }) => name === query);
  if (found.length === 0) return undefined;
  const on = report.services.filter(({ nodes }) => nodes.includes(query)).map(({ name }) => name);
  const lines = found.flatMap(({ name, state, tasks }) => [
    `node ${printable(name)}`,
    `  ${state}, with ${counted(tasks, "task")} of ${printable(on.join(", "))}`,
    ...(state === "down" ? ["  its tasks receive no requests; start it, or wait until the swarm replaces them"] : []),
  ]);
  return { lines, isRouted: found.some(({ state }) => state === "ready") };
}

function namesOf(report: Report): string[] {
  return [
    ...report.virtualHosts.flatMap((one) => [one.host, ...containersOf(one)]),
    ...[...report.quarantined, ...report.unrouted, ...report.rendered, ...report.filtered].map(({ name }) => name),
    ...[...report.quarantined, ...report.unrouted].flatMap(({ hosts = [] }) => hosts),
    ...[...report.services, ...report.nodes].map(({ name }) => name),
  ];
}

function notFound(report: Report, query: string): string {
  const near = nearest(query, namesOf(report));
  return [
    `${printable(query)}: no such virtual host or container${near === undefined ? "" : `; did you mean ${printable(near)}?`}`,
    ...report.agents
      .filter(({ connected }) => !connected)
      .map(({ socket }) => `  agent ${socket} is disconnected: its containers may be outdated`),
    ...report.virtualHosts
      .filter(({ host }) => host.startsWith("~") && compile(host) === undefined)
      .map(({ host }) => `  ${printable(host)} cannot be tested here; nginx may match it`),
  ].join("\n");
}
