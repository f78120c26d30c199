import { compare } from "./compare.ts";
import type { HostName } from "./grammar.ts";

/** The protocol that a port is requested for: plain HTTP, or TLS. */
export type PortUse = "httpPort" | "httpsPort";

/** A host that requests a port, and since when (milliseconds since the epoch). */
export interface PortRequest {
  readonly host: HostName;
  readonly since: number;
}

/** The oldest request for a port that is requested for both protocols: it decides the protocol. */
export interface PortOwner extends PortRequest {
  readonly use: PortUse;
}

/** Returns undefined unless the port is requested for both protocols. */
export function ownerOf(requests: Readonly<Record<PortUse, readonly PortRequest[]>>): PortOwner | undefined {
  if (requests.httpPort.length === 0 || requests.httpsPort.length === 0) return undefined;
  const all = (["httpPort", "httpsPort"] as const).flatMap((use) => requests[use].map((one) => ({ ...one, use })));
  return all.toSorted((a, b) => compare(a.since, b.since) || compare(a.host, b.host) || compare(a.use, b.use))[0];
}
