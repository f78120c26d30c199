export interface HostOwner {
  readonly owner: string;
  /** When its last container was seen, in milliseconds since the epoch; undefined while there is one. */
  readonly lastSeen?: number | undefined;
}

/** The name by which the owner of nginx's container is recorded; no host has it. */
export const PROXY_NAME = ":proxy";

/** Names whose owners are recorded at most. Others belong to their oldest container, and are counted. */
export const MAX_OWNED = 50_000;

/** Of these, the names of one owner, so that no project can fill the list. */
export const MAX_OWNED_BY_ONE = 5_000;

export interface HostOwnersOptions {
  /** Milliseconds for which a name stays with its owner after the owner's last container was seen. */
  readonly leaseMs: number;
  readonly recorded?: ReadonlyMap<string, HostOwner>;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Records which owner requested each host name first, and for how long the name stays with it. */
export class HostOwners {
  readonly #leaseMs: number;
  readonly #clock: () => number;
  readonly #owners: Map<string, HostOwner>;
  readonly #counts = new Map<string, number>();
  readonly #unrecorded = new Set<string>();
  #isRecording = false;
  /** Called after each change. */
  onChange: () => void = () => undefined;

  constructor({ leaseMs, recorded = new Map(), clock = Date.now }: HostOwnersOptions) {
    this.#leaseMs = leaseMs;
    this.#owners = new Map(recorded);
    this.#clock = clock;
    for (const { owner } of recorded.values()) this.#count(owner, 1);
  }

  /** All recorded owners by host name. */
  get all(): ReadonlyMap<string, HostOwner> {
    return this.#owners;
  }

  /** Names whose owners were not recorded because there are too many. */
  get unrecorded(): number {
    return this.#unrecorded.size;
  }

  /** When the lease of a name ends, in milliseconds since the epoch; undefined while its owner has a container. */
  endOf({ lastSeen }: HostOwner): number | undefined {
    return lastSeen === undefined ? undefined : lastSeen + this.#leaseMs;
  }

  /** When the next lease ends, in milliseconds since the epoch. */
  get nextEnd(): number | undefined {
    let first: number | undefined;
    for (const one of this.#owners.values()) {
      const end = this.endOf(one);
      if (end !== undefined && (first === undefined || end < first)) first = end;
    }
    return first;
  }

  /** Names whose leases are over. */
  get ended(): string[] {
    return [...this.#owners].flatMap(([host, one]) => (this.#isOver(one) ? [host] : []));
  }

  /** Returns owners with the same records, for a trial. */
  copy(): HostOwners {
    return new HostOwners({ leaseMs: this.#leaseMs, recorded: this.#owners, clock: this.#clock });
  }

  /** Begins to record. Before, not every agent may have reported, and requests are decided by age alone. */
  record(): void {
    this.#isRecording = true;
  }

  /**
   * Returns the owner of a name that these owners request now, oldest first: the recorded owner during its lease, else
   * the first. Undefined if nothing requests it.
   */
  decide(host: string, requesting: readonly string[]): string | undefined {
    const recorded = this.#owners.get(host);
    const isHeld = recorded && (requesting.includes(recorded.owner) || !this.#isOver(recorded));
    const owner = isHeld ? recorded.owner : requesting[0];
    if (this.#isRecording) this.#set(host, owner, owner !== undefined && requesting.includes(owner));
    return owner;
  }

  /** Ends the lease of a name. Returns its owner. */
  release(host: string): string | undefined {
    const released = this.#owners.get(host)?.owner;
    this.#remove(host);
    return released;
  }

  #set(host: string, owner: string | undefined, isPresent: boolean): void {
    const before = this.#owners.get(host);
    this.#unrecorded.delete(host);
    if (owner === undefined) return this.#remove(host);
    const isFull = this.#owners.size >= MAX_OWNED || (this.#counts.get(owner) ?? 0) >= MAX_OWNED_BY_ONE;
    if (!before && isFull) return void this.#unrecorded.add(host);
    const lastSeen = isPresent ? undefined : (before?.lastSeen ?? this.#clock());
    if (before?.owner === owner && before.lastSeen === lastSeen) return;
    if (before) this.#count(before.owner, -1);
    this.#count(owner, 1);
    this.#owners.set(host, lastSeen === undefined ? { owner } : { owner, lastSeen });
    this.onChange();
  }

  #remove(host: string): void {
    const before = this.#owners.get(host);
    if (!before) return;
    this.#owners.delete(host);
    this.#count(before.owner, -1);
    this.onChange();
  }

  #count(owner: string, change: number): void {
    const count = (this.#counts.get(owner) ?? 0) + change;
    if (count > 0) this.#counts.set(owner, count);
    else this.#counts.delete(owner);
  }

  #isOver(one: HostOwner): boolean {
    const end = this.endOf(one);
    return end !== undefined && end <= this.#clock();
  }
}
