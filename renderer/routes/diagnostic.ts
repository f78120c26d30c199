import type { InventoryContainer } from "../inventory/inventory-change.ts";

/** Why a container is not routed, or not as it says. Fixed words, for programs. */
export type Reason =
  | "host.none"
  | "host.refused"
  | "host.too-many"
  | "host.owned"
  | "host.conflict"
  | "path.refused"
  | "protocol.refused"
  | "protocol.conflict"
  | "multiports.refused"
  | "option.refused"
  | "option.conflict"
  | "port.none"
  | "port.refused"
  | "port.guessed"
  | "port.contested"
  | "value.refused"
  | "never.read"
  | "check.rejected"
  | "state"
  | "stopping"
  | "health"
  | "network.none";

/** One finding about one container. `value` is the container's own text: escape it wherever it is shown. */
export interface Diagnostic {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly reason: Reason;
  /** A sentence part for people: `container NAME` + detail. */
  readonly detail: string;
  readonly value?: string;
}

/** A finding about this container. */
export function diagnostic(
  { host, container }: InventoryContainer,
  reason: Reason,
  detail: string,
  value?: string,
): Diagnostic {
  const found = { id: container.id, name: container.name, host, reason, detail };
  return value === undefined ? found : { ...found, value };
}
