import type { InventoryChange, InventoryContainer } from "./inventory-change.ts";

/** Containers that use each other's network, one after the other. */
const MAX_DEPTH = 8;

/** Gives containers that use the network of another container (`network_mode: service:vpn`) its networks. */
export class JoinedNetworks {
  readonly #find: (id: string) => InventoryContainer | undefined;
  /** Ids of the containers that use a container's network, by its id. */
  readonly #joining = new Map<string, Set<string>>();

  /** `find` returns the container with this id, of the same agent. */
  constructor(find: (id: string) => InventoryContainer | undefined) {
    this.#find = find;
  }

  /** Completes a change: containers that use the network of a changed one change with it. */
  apply({ upserted, gone }: InventoryChange): InventoryChange {
    for (const { container } of gone) this.#forget(container.id, container.joins);
    for (const { container } of upserted)
      if (container.joins !== undefined) this.#remember(container.id, container.joins);
    if (this.#joining.size === 0) return { upserted, gone };
    const changed = new Set(upserted.map(({ container }) => container.id));
    const joining = new Set([...upserted, ...gone].map(({ container }) => container.id));
    // A set also visits what is added meanwhile: a container can use the network of one that uses another's.
    for (const id of joining) for (const one of this.#joining.get(id) ?? []) joining.add(one);
    const others = [...joining].filter((id) => !changed.has(id)).flatMap((id) => this.#find(id) ?? []);
    return { upserted: [...upserted, ...others].map((one) => this.#complete(one)), gone };
  }

  #complete(one: InventoryContainer): InventoryContainer {
    if (one.container.joins === undefined) return one;
    let found: InventoryContainer | undefined = one;
    for (let depth = 0; depth < MAX_DEPTH && found?.container.joins !== undefined; depth++)
      found = this.#find(found.container.joins);
    if (!found || found === one) return one;
    const { name, state, networks } = found.container;
    return { ...one, container: { ...one.container, networks }, joined: { name, state } };
  }

  #remember(id: string, joins: string): void {
    this.#joining.set(joins, (this.#joining.get(joins) ?? new Set()).add(id));
  }

  #forget(id: string, joins: string | undefined): void {
    const joining = joins === undefined ? undefined : this.#joining.get(joins);
    joining?.delete(id);
    if (joining?.size === 0) this.#joining.delete(joins!);
  }
}
