import type { RequestListener } from "node:http";
import { Clock } from "./clock.ts";
import type { Container } from "./container.ts";
import { EventLog } from "./event-log.ts";
import { networkEvent } from "./event-message.ts";
import { Network, type NetworkOptions } from "./network.ts";
import type { Release } from "./release.ts";

export interface MachineOptions {
  readonly release: Release;
  /** Second number of the first network's addresses, 127.<octet>.0.2 and up. */
  readonly firstOctet: number;
  /** Every container at 127.0.0.1: where the system has no other loopback address. */
  readonly sharedAddress: boolean;
  /** What a container without a handler of its own answers. */
  readonly app: (container: Container) => RequestListener;
  /** Whether containers really listen, unless they say otherwise. */
  readonly serve: boolean;
}

/** What an engine manages: containers, networks, and the events that tell of them. */
export class Machine {
  readonly options: MachineOptions;
  readonly clock = new Clock();
  readonly events = new EventLog(this.clock);
  /** By id, in the order of creation. */
  readonly containers = new Map<string, Container>();
  readonly #named = new Map<string, Container>();
  readonly networks = new Map<string, Network>();
  #octet: number;

  constructor(options: MachineOptions) {
    this.options = options;
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
    this.events.tell(networkEvent(network, "create"));
    return network;
  }

  /** The network of that name, made now if there is none, as compose does. */
  networkNamed(name: string): Network {
    return this.networks.get(name) ?? this.addNetwork(name, {});
  }

  /** Throws when the name is somebody's. */
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

  /** By complete id, name, or beginning of an id that only one has. */
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
