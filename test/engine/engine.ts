import { demoApp } from "../demo/app/app.ts";
import * as alteration from "./alteration.ts";
import { ApiServer } from "./api-server.ts";
import * as attachment from "./attachment.ts";
import type { Container, ContainerOptions, HealthStatus } from "./container.ts";
import * as lifecycle from "./lifecycle.ts";
import type { ImageOptions } from "./image.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import type { Network, NetworkOptions } from "./network.ts";
import { releaseOf } from "./release.ts";
import type { Swarm } from "./swarm.ts";

/** Engines of test files that run at the same time have different addresses: 127.64.0.0 and up, six networks each. */
const FIRST_OCTET = 64 + 6 * (process.pid % 30);

export interface EngineOptions extends Partial<Omit<MachineOptions, "release">> {
  readonly socketPath: string;
  /** Default 1.45, which is Docker Engine 26; see release.ts. */
  readonly apiVersion?: string;
}

/** Starts an engine without containers. The caller must close it, because its containers are servers of this process. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const engine = new Engine(options);
  await engine.api.comeBack();
  return engine;
}

/**
 * A fake Docker Engine with real HTTP servers as containers. Methods accept container names and ids like `docker`
 * commands, and return after the change is complete and its events are emitted.
 */
export class Engine {
  readonly socketPath: string;
  readonly api: ApiServer;
  readonly #machine: Machine;

  constructor({ socketPath, apiVersion = "1.45", ...options }: EngineOptions) {
    this.socketPath = socketPath;
    this.#machine = new Machine({
      firstOctet: FIRST_OCTET,
      sharedAddress: false,
      serve: true,
      app: (container) => demoApp(() => ({ hostname: container.id.slice(0, 12), app: container.name })),
      ...options,
      release: releaseOf(apiVersion),
    });
    this.api = new ApiServer(this.#machine, socketPath);
  }

  /** Closes socket, connections and containers. */
  async close(): Promise<void> {
    await this.api.goAway();
    for (const { workload } of this.containers) await workload?.end();
  }

  /** Throws when there is no such container. */
  container(reference: string): Container {
    return this.#machine.get(reference);
  }

  get containers(): readonly Container[] {
    return [...this.#machine.containers.values()];
  }

  /** Returns the container's address in this network, or in its first. Throws when it has none. */
  addressOf(reference: string, networkName?: string): string {
    const attachments = [...this.container(reference).attachments.values()];
    const found = attachments.find(({ network }) => (networkName ?? network.name) === network.name);
    if (!found?.endpoint?.address) throw new Error(`${reference} has no address in ${networkName ?? "any network"}`);
    return found.endpoint.address;
  }

  /** `docker network create`. */
  network(name: string, options: NetworkOptions = {}): Network {
    return this.#machine.addNetwork(name, options);
  }

  /** Defines what an image sets. The image of a container that names no such image sets nothing. */
  image(name: string, options: ImageOptions): void {
    this.#machine.images.set(name, options);
  }

  get swarm(): Swarm {
    return this.#machine.swarm;
  }

  create(options: ContainerOptions): Container {
    return lifecycle.create(this.#machine, options);
  }

  /** `docker run --detach`. The container serves requests when this returns. */
  async run(options: ContainerOptions): Promise<Container> {
    const container = this.create(options);
    await lifecycle.start(this.#machine, container);
    return container;
  }

  async start(reference: string): Promise<void> {
    await lifecycle.start(this.#machine, this.container(reference));
  }

  async stop(reference: string, options?: lifecycle.StopOptions): Promise<void> {
    await lifecycle.stop(this.#machine, this.container(reference), options);
  }

  async restart(reference: string, options?: lifecycle.StopOptions): Promise<void> {
    await lifecycle.restart(this.#machine, this.container(reference), options);
  }

  async kill(reference: string, signal: string | number = "SIGKILL"): Promise<void> {
    await lifecycle.kill(this.#machine, this.container(reference), signal);
  }

  /** The process exits itself, without a command. */
  async crash(reference: string, exitCode = 1): Promise<void> {
    await lifecycle.end(this.#machine, this.container(reference), exitCode);
  }

  /** `docker rm --force`. */
  async remove(reference: string): Promise<void> {
    await lifecycle.remove(this.#machine, this.container(reference));
  }

  pause(reference: string): void {
    alteration.pause(this.#machine, this.container(reference));
  }

  unpause(reference: string): void {
    alteration.unpause(this.#machine, this.container(reference));
  }

  rename(reference: string, name: string): void {
    alteration.rename(this.#machine, this.container(reference), name);
  }

  health(reference: string, status: HealthStatus): void {
    alteration.setHealth(this.#machine, this.container(reference), status);
  }

  exec(reference: string, command: string): void {
    alteration.exec(this.#machine, this.container(reference), command);
  }

  async connect(reference: string, networkName: string): Promise<void> {
    await attachment.connect(this.#machine, this.container(reference), networkName);
  }

  async disconnect(reference: string, networkName: string): Promise<void> {
    await attachment.disconnect(this.#machine, this.container(reference), networkName);
  }

  /** Runs `work` without emitting events. */
  async silently(work: () => Promise<unknown>): Promise<void> {
    this.#machine.events.muted = true;
    try {
      await work();
    } finally {
      this.#machine.events.muted = false;
    }
  }
}
