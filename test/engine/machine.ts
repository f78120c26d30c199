import type { RequestListener } from "node:http";
import { Clock } from "./clock.ts";
import type { Container } from "./container.ts";
import { EventLog } from "./event-log.ts";
import { networkEvent } from "./event-message.ts";
import type { ImageOptions } from "./image.ts";
import { Network, type NetworkOptions } from "./network.ts";
import { Swarm } from "./swarm.ts";
import type { Release } from "./release.ts";

export interface MachineOptions {
  readonly release: Release;
  /** Second octet of the first network's addresses, 127.<octet>.0.2 and up. */
  readonly firstOctet: number;
  /** All containers use 127.0.0.1, for systems without other loopback addresses. */
  readonly sharedAddress: boolean;
  /** Handler of containers that define none. */
  readonly app: (container: Container) => RequestListener;
  /** Whether containers listen by default. */
  readonly serve: boolean;
}

/** State of an engine: containers, networks and events. */
export class Machine {
  readonly options: MachineOptions;
  readonly clock = new Clock();
  readonly events: EventLog;
  /** By id, in the order of creation. */
  readonly containers = new Map<string, Container>();
  readonly #named = new Map<string, Container>();
  readonly networks = new Map<string, Network>();
  /** By name. An image that is not in the map sets nothing. */
  readonly images = new Map<string, ImageOptions>();
  readonly swarm = new Swarm((event) => this.events.emit(event));
  #octet: number;

  constructor(options: MachineOptions) {
    this.options = options;
    this.events = new EventLog(this.clock, options.release);
    this.#octet = options.firstOctet;
    this.addNetwork("bridge", {});
    this.addNetwork("host", { driver: "host" });
    this.addNetwork("none", { driver: "null" });
    this.events.forget();
  }

  addNetwork(name: string, options: NetworkOptions): Network {
    if (this.networks.has(name)) throw new Error(`network with name ${name} already exists`);
    const octet = this.options.sharedAddress ? "shared" : this.#octet;
    const network = new Network(name, options, octet, this.clock.now());
    if (network.hasAddresses) this.#octet += 1;
    this.networks.set(name, network);
    this.events.emit(networkEvent(network, "create"));
    return network;
  }

  /** Returns the network of that name and creates it if needed, like Compose. */
  networkNamed(name: string): Network {
    return this.networks.get(name) ?? this.addNetwork(name, {});
  }

  /** Assigns a name. Throws when it is in use. */
  name(container: Container, name: string): void {
    if (this.#named.has(name)) throw new Error(`the container name "/${name}" is already in use`);
    if (this.#named.get(container.name) === container) this.#named.delete(container.name);
    this.#named.set(name, container);
    container.name = name;
    this.containers.set(container.id, container);
  }

  forget(container: Container): void {
    this.#named.delete(container.name);
    this.containers.delete(container.id);
  }

  /** Finds a container by full id, name, or unique id prefix. */
  find(reference: string): Container | undefined {
    const exact = this.containers.get(reference) ?? this.#named.get(reference.replace(/^\//, ""));
    if (exact !== undefined || !/^[0-9a-f]+$/.test(reference)) return exact;
    const begun = [...this.containers.values()].filter(({ id }) => id.startsWith(reference));
    return begun.length === 1 ? begun[0] : undefined;
  }

  /** Throws when there is no such container. */
  get(reference: string): Container {
    const container = this.find(reference);
    if (container === undefined) throw new Error(`no such container: ${reference}`);
    return container;
  }
}
