import type { AgentState } from "../inventory/subscription.ts";
import type { TargetState } from "../publish/target-progress.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import type { Routes } from "../routes/routes.ts";
import type { Report } from "../status/report.ts";
import type { Unselected } from "./target-routes.ts";

/** What a target has to say of itself. */
export interface TargetStanding {
  readonly state: TargetState;
  readonly routes: Routes;
  readonly leftOut: readonly Unselected[];
}

/** How everything stands: hosts that any target has, containers that none routes, and those that are set aside. */
export function reportOf(agents: readonly AgentState[], targets: readonly TargetStanding[]): Report {
  const unrouted = targets.map(({ routes, leftOut }) => [...routes.unrouted, ...leftOut]);
  const hosts = targets
    .flatMap(({ routes }) => routes.virtualHosts)
    .map(({ host, paths }) => ({
      host,
      servers: paths.flatMap(({ servers }) => servers.map(({ address, port }) => `${address}:${port}`)),
    }));
  return {
    pid: process.pid,
    targets: targets.map(({ state }) => state),
    agents: [...agents],
    virtualHosts: distinct(hosts, ({ host, servers }) => `${host} ${servers.join(" ")}`).toSorted((a, b) =>
      a.host < b.host ? -1 : 1,
    ),
    unrouted: inAll(unrouted),
    quarantined: distinct(
      targets.flatMap(({ routes }) => routes.quarantined),
      (found) => `${keyOf(found)} ${found.reason}`,
    ),
  };
}

type Unrouted = Diagnostic | Unselected;

/** What one target leaves out and another routes is no loss: of the others the first target's reason. */
function inAll([first = [], ...others]: readonly (readonly Unrouted[])[]): Unrouted[] {
  const ofOthers = others.map((list) => new Set(list.map(keyOf)));
  return first.filter((found) => ofOthers.every((keys) => keys.has(keyOf(found))));
}

function keyOf({ host, id }: Unrouted): string {
  return `${host} ${id}`;
}

function distinct<T>(list: readonly T[], keyOfOne: (one: T) => string): T[] {
  return [...new Map(list.toReversed().map((one) => [keyOfOne(one), one])).values()].toReversed();
}
