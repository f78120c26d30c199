import type { Log } from "../../shared/log.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { HostChange } from "./host-table.ts";
import type { RouteChange } from "./route-table.ts";
import type { VirtualHost } from "./routes.ts";
import { findingsOf, type Evaluation } from "./verdict.ts";

/** Says what became different: hosts that came, changed and went, containers and why they are not routed. */
export function noteChange(
  { hosts, verdicts, remarks }: Omit<RouteChange, "verdicts"> & Partial<RouteChange>,
  log: Log,
): void {
  for (const change of hosts) noteHost(change, log);
  for (const found of remarks) noteFinding("container.remark", found, log);
  for (const { before, after } of verdicts ?? []) {
    const said = new Set(wordsOf(before).map(([words]) => words));
    for (const [words, event, found] of wordsOf(after)) if (!said.has(words)) noteFinding(event, found, log);
  }
}

function noteHost({ before, after }: HostChange, log: Log): void {
  if (!after) return log("info", "route.removed", { host: before?.host });
  const servers = serversOf(after);
  if (!before || serversOf(before) !== servers) log("info", "route.changed", { host: after.host, servers });
}

function serversOf({ paths }: VirtualHost): string {
  return paths.flatMap(({ servers }) => servers.map(({ address, port }) => `${address}:${port}`)).join(" ");
}

function wordsOf(verdict: Evaluation | undefined): [words: string, event: string, found: Diagnostic][] {
  const findings = verdict ? findingsOf(verdict) : [];
  return findings.map(([event, found]) => [`${event} ${JSON.stringify(found)}`, event, found]);
}

function noteFinding(event: string, { id, name, host, reason, detail, value }: Diagnostic, log: Log): void {
  const level = event === "container.unrouted" ? "info" : "warn";
  log(level, event, { container: name, id: id.slice(0, 12), dockerHost: host, reason, detail, value });
}
