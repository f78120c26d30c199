import type { Log } from "../../shared/log.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { eventsOf, type Evaluation } from "./evaluation.ts";
import type { HostChange } from "./host-table.ts";
import type { RouteChange } from "./route-table.ts";
import type { VirtualHost } from "./routes.ts";

/** Logs hosts that were added, changed or removed, and diagnostics that are new. */
export function logRouteChange(
  { hosts, evaluations, remarks }: Omit<RouteChange, "evaluations"> & Partial<RouteChange>,
  log: Log,
): void {
  for (const change of hosts) logHost(change, log);
  for (const message of remarks) logDiagnostic("container.warned", message, log);
  for (const { before, after } of evaluations ?? []) {
    const logged = new Set(keyedEventsOf(before).map(([key]) => key));
    for (const [key, event, message] of keyedEventsOf(after)) if (!logged.has(key)) logDiagnostic(event, message, log);
  }
}

function logHost({ before, after }: HostChange, log: Log): void {
  if (!after) return log("info", "route.removed", { host: before?.host });
  const servers = serversOf(after);
  if (!before || serversOf(before) !== servers) log("info", "route.changed", { host: after.host, servers });
}

function serversOf({ paths }: VirtualHost): string {
  return paths.flatMap(({ servers }) => servers.map(({ address, port }) => `${address}:${port}`)).join(" ");
}

function keyedEventsOf(evaluation: Evaluation | undefined): [key: string, event: string, message: Diagnostic][] {
  const events = evaluation ? eventsOf(evaluation) : [];
  return events.map(([event, message]) => [`${event} ${JSON.stringify(message)}`, event, message]);
}

function logDiagnostic(event: string, { id, container, dockerHost, reason, code }: Diagnostic, log: Log): void {
  const level = event === "container.unrouted" ? "info" : "warn";
  log(level, event, { container, id: id.slice(0, 12), dockerHost, reason, code });
}
