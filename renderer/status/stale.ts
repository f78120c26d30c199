import type { Report } from "./report.ts";

/** Docker hosts whose agent is away, so that what is known of their containers may be old. */
export function staleHosts({ agents }: Report): ReadonlySet<string> {
  const here = new Set(agents.filter(({ connected }) => connected).map(({ host }) => host));
  return new Set(agents.map(({ host }) => host).filter((host) => host !== "" && !here.has(host)));
}
