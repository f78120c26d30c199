import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { AgentState } from "../inventory/agent-state.ts";
import { unusedFiles } from "../nginx/access.ts";
import { daysLeft, expiryDate, isExpiring } from "../nginx/certificates/certificate.ts";
import type { CertificateSet } from "../nginx/certificates/directory.ts";
import { nginxSettingsFor } from "../nginx/contested-ports.ts";
import { type Fault, faultText } from "../nginx/guard.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import type { TargetState } from "../publish/target-progress.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import { PROXY_NAME } from "../routes/host-owners.ts";
import type { Routes } from "../routes/routes.ts";
import type { FilteredContainer } from "../select/selection.ts";
import { type AcmeState, requestedCertificates } from "./acme.ts";
import { attentionOf } from "./attention.ts";
import { ContainerIndex, reportHost } from "./host-report.ts";
import type { Entry, Report } from "./report.ts";
import { swarmReport } from "./services.ts";

export interface TargetStatus {
  readonly state: TargetState;
  /** Name of the transaction that publishes it together with others. */
  readonly transaction?: string | undefined;
  /** Why an edited template is not used; undefined or empty while the template is good. */
  readonly templateError?: string | undefined;
  /** Containers, or with an empty id virtual hosts, that are excluded because of an error. */
  readonly quarantined: readonly Diagnostic[];
  /** Containers that the configuration of the target excludes. */
  readonly filtered: readonly FilteredContainer[];
  /** Routes of an nginx target, as they are published. */
  readonly routes?: Omit<Routes, "quarantined">;
  /** The operator's rule for host names, and what it names a container. */
  readonly hostRule?: { readonly text: string; readonly nameOf: (known: InventoryContainer) => string | undefined };
  /** Milliseconds after which the containers of an absent agent receive no requests, by its socket. */
  readonly staleAfter?: (socket: string) => number;
  /** Host names whose owners are not recorded because there are too many. */
  readonly unrecordedOwners?: number;
  readonly settings?: NginxSettings | undefined;
  /** What is requested from an ACME client, and its progress. */
  readonly acme?: AcmeState | undefined;
  /** Containers in the file of a template target. */
  readonly rendered?: readonly InventoryContainer[];
}

/** What a report is made of. `now` is in milliseconds since the epoch. */
export interface ReportSources {
  readonly agents: readonly AgentState[];
  readonly targets: readonly TargetStatus[];
  /** All containers that the agents disclose. */
  readonly containers?: readonly InventoryContainer[];
  readonly rejectedConfig?: readonly string[];
  readonly now?: number;
}

/** Builds the status report of all targets and agents. */
export function buildReport({
  agents,
  targets,
  containers = [],
  rejectedConfig = [],
  now = Date.now(),
}: ReportSources): Report {
  const index = new ContainerIndex(containers);
  const hosts = targets.flatMap((target) => hostsOf(target, index, containers));
  const certificates = targets.flatMap(({ settings }) => certificatesOf(settings?.https?.certificates, now));
  const report = {
    pid: process.pid,
    rejectedConfig: [...rejectedConfig],
    targets: targets.map(targetOf),
    agents: agents.map((agent) => ({ ...agent, ...staleAt(agent, targets) })),
    virtualHosts: distinct(hosts, ({ host, paths }) => JSON.stringify([host, paths.map(endpointsOf)])).toSorted(
      (a, b) => (a.host < b.host ? -1 : 1),
    ),
    reserved: distinct(targets.flatMap(({ routes }) => (routes ? reservedOf(routes) : []))),
    rendered: targets.flatMap(({ state, rendered = [] }) => rendered.map((one) => placementOf(one, state))),
    quarantined: distinct(targets.flatMap(({ quarantined }) => quarantined.map(entryOf))),
    unrouted: unroutedByAll(targets),
    filtered: targets.flatMap(({ state, filtered }) =>
      filtered.map(({ known, reason }) => ({ ...placementOf(known, state), reason })),
    ),
    warnings: distinct([
      ...targets.flatMap(({ state, unrecordedOwners = 0 }) =>
        unrecordedOwners > 0 ? [unrecorded(state, unrecordedOwners)] : [],
      ),
      ...targets.flatMap(({ routes }) => (routes?.remarks ?? []).map(entryOf)),
      ...targets.flatMap(({ routes, settings }) =>
        routes && settings ? unusedFiles(routes.virtualHosts, settings).map(fileEntry) : [],
      ),
    ]),
    certificates: distinct(certificates),
    requestedCertificates: distinct(targets.flatMap(({ acme }) => (acme ? requestedCertificates(acme) : []))),
  };
  const complete = { ...report, ...swarmReport(containers, report) };
  return { ...complete, attention: attentionOf(complete) };
}

function targetOf({ state, transaction, templateError = "" }: TargetStatus): Report["targets"][number] {
  return { ...state, transaction, ...(templateError !== "" && { templateError }) };
}

/** Returns when the first target drops the containers of an agent whose state may be outdated. */
function staleAt({ socket, absentSince }: AgentState, targets: readonly TargetStatus[]): { staleAt?: number } {
  const delays = targets.flatMap(({ staleAfter }) => staleAfter?.(socket) ?? []);
  return absentSince === undefined || delays.length === 0 ? {} : { staleAt: absentSince + Math.min(...delays) };
}

function reservedOf({ owners = new Map(), virtualHosts }: Pick<Routes, "owners" | "virtualHosts">): Report["reserved"] {
  const hosts = new Set<string>(virtualHosts.map(({ host }) => host));
  return [...owners].flatMap(([name, { owner, until }]) => {
    const isServed = hosts.has(name) || (name === PROXY_NAME && until === undefined);
    return isServed ? [] : [{ name, owner, ...(until !== undefined && { until }) }];
  });
}

function entryOf({ id, container: name, dockerHost, code, reason, hosts }: Diagnostic): Entry {
  return { name, ...(id !== "" && { id, dockerHost }), code, reason, ...(hosts && { hosts: [...hosts] }) };
}

function fileEntry(fault: Fault): Entry {
  return { name: fault.where, code: "file.unused", reason: faultText(fault) };
}

function unrecorded({ destination }: TargetState, count: number): Entry {
  const reason = `the owners of ${count} host names are not recorded, because there are too many: each belongs to the oldest container that requests it; remove containers, or run \`sallyport-renderer release\` for names that are gone`;
  return { name: destination, code: "owners.unrecorded", reason };
}

function placementOf({ dockerHost, container: { name, id } }: InventoryContainer, { destination }: TargetState) {
  return { name, id, dockerHost, destination };
}

function hostsOf(
  { routes, settings, hostRule }: TargetStatus,
  index: ContainerIndex,
  containers: readonly InventoryContainer[],
): Report["virtualHosts"] {
  if (!routes) return [];
  const ruled = new Map<string, string[]>();
  for (const known of hostRule ? containers : []) {
    const name = hostRule!.nameOf(known);
    if (name !== undefined) ruled.set(name, [...(ruled.get(name) ?? []), known.container.name]);
  }
  const { virtualHosts, waiting, disputed, owners } = routes;
  // Conflicts about ports are known only from all hosts together.
  const resolved = settings && nginxSettingsFor(virtualHosts, settings);
  return virtualHosts.map((one) =>
    reportHost(one, {
      containers: index,
      ruled: (ruled.get(one.host) ?? []).map(
        (name) => `container ${name} has this name by \`routing.hostRule\`: ${hostRule!.text}`,
      ),
      unavailable: waiting?.get(one.host) ?? [],
      conflicts: disputed?.get(one.host) ?? [],
      settings: resolved,
      owner: owners?.get(one.host)?.owner,
    }),
  );
}

function endpointsOf({ servers }: Report["virtualHosts"][number]["paths"][number]): string[] {
  return servers.map(({ endpoint }) => endpoint);
}

function certificatesOf(set: CertificateSet | undefined, now: number): Report["certificates"] {
  if (!set) return [];
  const usable = [...set.usable.values()].map((one) => ({
    name: one.stem,
    hosts: [...one.names],
    expires: expiryDate(one),
    daysLeft: daysLeft(one, now),
    ...(isExpiring(one, now) && { warning: one.notAfter < now ? "expired; renew it" : "expires soon; renew it" }),
  }));
  return [...usable, ...set.invalid.map(({ stem, reason }) => ({ name: stem, hosts: [], error: reason }))];
}

/** Returns the containers that no nginx target routes, with the reason of every target that does not filter them. */
function unroutedByAll(targets: readonly TargetStatus[]): Entry[] {
  const routing = targets.flatMap(({ state, routes, filtered }) =>
    routes ? [{ destination: state.destination, unrouted: routes.unrouted, filtered }] : [],
  );
  const notRouted = routing.map(
    ({ unrouted, filtered }) =>
      new Set([
        ...unrouted.map(keyOf),
        ...filtered.map(({ known: { dockerHost, container } }) => keyOf({ dockerHost, id: container.id })),
      ]),
  );
  const found = routing.flatMap(({ destination, unrouted }) => unrouted.map((one) => ({ ...one, destination })));
  const unrouted = found.filter((one) => notRouted.every((keys) => keys.has(keyOf(one))));
  // A container that requests something need not request both virtual hosts and streams.
  const weights = new Map<string, number>();
  for (const one of unrouted) weights.set(keyOf(one), Math.max(weightOf(one), weights.get(keyOf(one)) ?? 0));
  const byAll = unrouted.filter((one) => weightOf(one) === weights.get(keyOf(one)));
  const reasons = new Map<string, Set<string>>();
  for (const one of byAll) reasons.set(keyOf(one), (reasons.get(keyOf(one)) ?? new Set()).add(one.reason));
  // Targets that agree need not be named.
  const isAgreed = (one: Diagnostic): boolean => reasons.get(keyOf(one))!.size === 1;
  return distinct(
    byAll.map((one) => ({ ...entryOf(one), ...(!isAgreed(one) && { reason: `${one.destination}: ${one.reason}` }) })),
  );
}

function weightOf({ code }: Diagnostic): number {
  return code === "stream.none" ? 0 : code === "host.none" ? 1 : 2;
}

function keyOf({ dockerHost, id }: Pick<Diagnostic, "dockerHost" | "id">): string {
  return `${dockerHost} ${id}`;
}

/** Of equal elements the first one stays. */
function distinct<T>(list: readonly T[], key: (one: T) => string = JSON.stringify): T[] {
  return [...new Map(list.toReversed().map((one) => [key(one), one])).values()].toReversed();
}
