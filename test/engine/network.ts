import type { Instant } from "./clock.ts";
import { hexId } from "./hex-id.ts";

export interface NetworkOptions {
  readonly driver?: string;
  readonly internal?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly scope?: "local" | "swarm";
}

/** Addresses per network: a /16 without network, gateway and broadcast address. */
const ADDRESSES = 65_533;

/**
 * A network of loopback addresses, 127.<octet>.0.2 and up, so that processes on this machine reach the containers
 * as nginx reaches them on a Docker network.
 */
export class Network {
  readonly id = hexId();
  readonly name: string;
  readonly options: NetworkOptions;
  readonly createdAt: Instant;
  readonly #octet: number | "shared";
  readonly #leased = new Set<number>();
  #firstFree = 0;

  /** With `octet` "shared" all containers have 127.0.0.1, for systems without other loopback addresses. */
  constructor(name: string, options: NetworkOptions, octet: number | "shared", createdAt: Instant) {
    this.name = name;
    this.options = options;
    this.createdAt = createdAt;
    this.#octet = octet;
  }

  get driver(): string {
    return this.options.driver ?? "bridge";
  }

  /** False for `host` and `none`, whose containers have no addresses. */
  get hasAddresses(): boolean {
    return this.driver !== "host" && this.driver !== "null";
  }

  get subnet(): string {
    return `127.${this.#octet === "shared" ? 0 : this.#octet}.0.0`;
  }

  get gateway(): string {
    return this.subnet.replace(/0$/, "1");
  }

  /** Returns the lowest free address, as Docker does, so that released addresses are soon reused. */
  lease(): string {
    if (this.#octet === "shared") return "127.0.0.1";
    while (this.#leased.has(this.#firstFree)) this.#firstFree += 1;
    if (this.#firstFree >= ADDRESSES) throw new Error(`no free address in network ${this.name}`);
    this.#leased.add(this.#firstFree);
    const host = this.#firstFree + 2;
    return `127.${this.#octet}.${host >> 8}.${host & 255}`;
  }

  release(address: string): void {
    const [, , high = 0, low = 0] = address.split(".").map(Number);
    const freed = (high << 8) + low - 2;
    if (this.#leased.delete(freed)) this.#firstFree = Math.min(this.#firstFree, freed);
  }
}
