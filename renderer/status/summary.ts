import { counted, utc } from "./format.ts";
import { availabilityOf, type Report } from "./report.ts";

export function summaryOf({ virtualHosts, quarantined, unrouted, agents, targets }: Report): string {
  const unavailable = virtualHosts.filter((host) => availabilityOf(host) === "none").length;
  const connected = agents.filter((agent) => agent.connected).length;
  const hosts = [
    `${counted(virtualHosts.length - unavailable, "host")} routed`,
    ...(unavailable > 0 ? [`${unavailable} unavailable`] : []),
    `${quarantined.length} quarantined`,
    `${unrouted.length} unrouted`,
  ];
  const [latest] = targets.toSorted((a, b) => (b.publishedAt ?? 0) - (a.publishedAt ?? 0));
  const published =
    latest?.publishedAt === undefined
      ? "not published since the start"
      : `last published ${utc(latest.publishedAt)} (generation ${latest.generation})`;
  return `${hosts.join(", ")}; agents ${connected}/${agents.length} connected; ${published}`;
}
