import type { RouteTable } from "../../../renderer/routes/route-table.ts";

/** What answers a request: the host that nginx chooses, undefined for an unknown name, and the containers behind it. */
export interface Answer {
  readonly host: string | undefined;
  readonly containers: readonly string[];
}

/**
 * Chooses as nginx does: the exact name, the longest leading wildcard, the longest trailing wildcard, the first regular
 * expression. Names with an owner and no virtual host are part of the choice; nothing answers for them.
 */
export function serverOf(table: RouteTable, name: string): Answer {
  const { virtualHosts } = table.routes;
  const names: readonly string[] = table.namesExcept(new Set());
  const longest = (found: readonly string[]): string | undefined => found.toSorted((a, b) => b.length - a.length)[0];
  const host =
    names.find((one) => one === name) ??
    longest(names.filter((one) => one.startsWith("*.") && name.endsWith(one.slice(1)))) ??
    longest(names.filter((one) => one.endsWith(".*") && name.startsWith(one.slice(0, -1)))) ??
    names.find((one) => one.startsWith("~") && new RegExp(one.slice(1), "i").test(name));
  const found = virtualHosts.find((one) => one.host === host);
  const containers = found?.paths.flatMap(({ servers }) => servers.map(({ container }) => container)) ?? [];
  return { host, containers };
}
