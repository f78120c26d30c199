import type { AgentState } from "../inventory/subscription.ts";
import type { TargetState } from "../publish/target-progress.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import { dayOf } from "../nginx/certificates/certificate.ts";
import type { CertificateSet } from "../nginx/certificates/directory.ts";
import { daysLeft, isEnding } from "../nginx/certificates/store.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Routes } from "../routes/routes.ts";
import type { Report } from "./report.ts";
import { nginxSettingsFor } from "../nginx/page.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import type { QuarantinedUnit } from "../targets/quarantine-report.ts";
import { type Listing, listedIn } from "./listing.ts";
import { KnownContainers, reportHost } from "./host-report.ts";
import type { UnselectedContainer } from "../targets/nginx-routes.ts";

/** What a target has to say of itself. */
export interface TargetStatus {
  readonly state: TargetState;
  /** Its name, if the target is published together with others. */
  readonly transaction?: string | undefined;
  readonly routes: Omit<Routes, "quarantined"> & { readonly quarantined: readonly (Diagnostic | QuarantinedUnit)[] };
  readonly leftOut: readonly UnselectedContainer[];
  /** How its nginx is set up; undefined when it has no routes. */
  readonly settings: NginxSettings | undefined;
  /** Of a general target, which has no routes, so what it leaves out tells nothing about them. */
  readonly listing?: Listing;
  /** What is wrong with its templates since they were last found good. */
  readonly refusedTemplate?: string;
}

/**
 * How everything stands: hosts that any target has, containers that none routes, and those that are set aside. `known`
 * are all containers; `now` is milliseconds since the epoch.
 */
export function reportOf(
  agents: readonly AgentState[],
  targets: readonly TargetStatus[],
  known: readonly InventoryContainer[] = [],
  now: number = Date.now(),
  refusedConfig: readonly string[] = [],
): Report {
  const containers = new KnownContainers(known);
  const unrouted = targets
    .filter(({ listing }) => listing === undefined)
    .map(({ routes, leftOut }) => [...routes.unrouted, ...leftOut]);
  const hosts = targets.flatMap((target) => hostsOf(target, containers));
  return {
    pid: process.pid,
    targets: targets.map(({ state, transaction }) => ({
      ...state,
      transaction,
      publications: [...state.publications],
    })),
    agents: [...agents],
    virtualHosts: distinct(hosts, ({ host, servers }) => `${host} ${servers.join(" ")}`).toSorted((a, b) =>
      a.host < b.host ? -1 : 1,
    ),
    ...(targets.some(({ listing }) => listing) && { listed: listedIn(targets) }),
    refusedConfig: [...refusedConfig],
    refusedTemplates: targets.flatMap(({ state: { destination }, refusedTemplate: problem }) =>
      problem === undefined || problem === "" ? [] : [{ destination, problem }],
    ),
    unrouted: inAll(unrouted),
    quarantined: distinct(
      targets.flatMap(({ routes }) => routes.quarantined),
      // A host that is set aside has no id.
      (found) => `${keyOf(found)} ${found.name} ${found.reason}`,
    ),
    remarks: distinct(
      targets.flatMap(({ routes }) => routes.remarks),
      (found) => `${keyOf(found)} ${found.reason} ${found.detail} ${found.value ?? ""}`,
    ),
    certificates: distinct(
      targets.flatMap(({ settings }) => (settings?.https ? certificatesOf(settings.https.certificates, now) : [])),
      ({ name, problem }) => `${name} ${problem ?? ""}`,
    ),
  };
}

function hostsOf({ routes, settings }: TargetStatus, known: KnownContainers): Report["virtualHosts"] {
  const { virtualHosts, waiting, disputed } = routes;
  // Ports that nobody gets are known only from all hosts together.
  const settled = settings && nginxSettingsFor(virtualHosts, settings);
  return virtualHosts.map((one) =>
    reportHost(one, {
      known,
      waiting: waiting?.get(one.host) ?? [],
      disputed: disputed?.get(one.host) ?? [],
      settings: settled,
    }),
  );
}

function certificatesOf({ usable, refused }: CertificateSet, now: number): Report["certificates"] {
  const good = [...usable.values()].map((one) => ({
    name: one.stem,
    names: [...one.names],
    until: dayOf(one),
    daysLeft: daysLeft(one, now),
    ...(isEnding(one, now) && { problem: "ends within 14 days, or has ended: renew it" }),
  }));
  return [...good, ...refused.map(({ stem, why }) => ({ name: stem, names: [], problem: why }))];
}

type Unrouted = Diagnostic | UnselectedContainer;

/** What one target leaves out and another routes is no loss: of the others the first target's reason. */
function inAll([first = [], ...others]: readonly (readonly Unrouted[])[]): Unrouted[] {
  const ofOthers = others.map((list) => new Set(list.map(keyOf)));
  return first.filter((found) => ofOthers.every((keys) => keys.has(keyOf(found))));
}

function keyOf({ host, id }: { readonly host: string; readonly id: string }): string {
  return `${host} ${id}`;
}

function distinct<T>(list: readonly T[], keyOfOne: (one: T) => string): T[] {
  return [...new Map(list.toReversed().map((one) => [keyOfOne(one), one])).values()].toReversed();
}
