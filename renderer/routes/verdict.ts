import type { Known } from "../inventory/known.ts";
import { readClaim, type Claim } from "./claim.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Reach } from "./reach.ts";
import { placeServer, type Server } from "./server.ts";

/** What one container contributes to the routes, and what is to be said about it. */
export interface Verdict {
  /** Where it stands among others: equal for no two containers, and never depends on the order of arrival. */
  readonly order: string;
  /** Milliseconds since the epoch: of containers that disagree the oldest is right. */
  readonly createdAt: number;
  readonly claim?: Claim;
  /** Undefined while it cannot be sent requests; its hosts stay known. */
  readonly server?: Server;
  readonly unrouted?: Diagnostic;
  readonly quarantined?: Diagnostic;
  readonly remarks: readonly Diagnostic[];
}

/** Pure: one container by itself. Nothing it says can change the verdict of another. */
export function judge(one: Known, reach: Reach, onlyExposed: boolean): Verdict {
  const { host, container } = one;
  const place = { order: `${host}\n${container.name}\n${container.id}`, createdAt: container.createdAt };
  const read = readClaim(one);
  if (read.kind === "quarantined") return { ...place, quarantined: read.diagnostic, remarks: [] };
  if (read.kind === "unrouted") return { ...place, unrouted: read.diagnostic, remarks: [] };
  const { claim } = read;
  const placed = placeServer(one, claim, reach, onlyExposed);
  switch (placed.kind) {
    case "absent":
      return { ...place, unrouted: placed.diagnostic, remarks: [] };
    case "waiting":
      return { ...place, claim, unrouted: placed.diagnostic, remarks: claim.remarks };
    case "placed":
      return { ...place, claim, server: placed.server, remarks: [...claim.remarks, ...placed.remarks] };
  }
}

/** What is to be said of a container, each with the event that says it. */
export function findingsOf({ unrouted, quarantined, remarks }: Verdict): [event: string, found: Diagnostic][] {
  return [
    ...(unrouted ? ([["container.unrouted", unrouted]] as const) : []),
    ...(quarantined ? ([["container.quarantined", quarantined]] as const) : []),
    ...remarks.map((found) => ["container.remark", found] as const),
  ].map(([event, found]) => [event, found]);
}
