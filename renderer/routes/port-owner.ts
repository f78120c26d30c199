import type { HostName } from "./grammar.ts";

/** What a port is wanted for: plain HTTP, or TLS. */
export type PortUse = "httpPort" | "httpsPort";

/** A host that wants a port, and since when: milliseconds since the epoch. */
export interface PortWish {
  readonly host: HostName;
  readonly since: number;
}

/** Of a port that some hosts want for plain HTTP and others for TLS: the oldest wish decides what it is for. */
export interface PortOwner extends PortWish {
  readonly use: PortUse;
}

/** Pure. Undefined unless the port is wanted for both. */
export function ownerOf(wishes: Readonly<Record<PortUse, readonly PortWish[]>>): PortOwner | undefined {
  if (wishes.httpPort.length === 0 || wishes.httpsPort.length === 0) return undefined;
  const all = (["httpPort", "httpsPort"] as const).flatMap((use) => wishes[use].map((wish) => ({ ...wish, use })));
  return all.toSorted((a, b) => compare(a.since, b.since) || compare(a.host, b.host) || compare(a.use, b.use))[0];
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
