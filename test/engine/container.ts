import type { RequestListener } from "node:http";
import type { Instant } from "./clock.ts";
import { hexId, imageId } from "./hex-id.ts";
import type { Network } from "./network.ts";
import type { Workload } from "./workload.ts";

const DEFAULT_IMAGE = "sallyport/demo-app:1";

/** Options of `docker create`, and the behaviour of the process inside. */
export interface ContainerOptions {
  readonly name: string;
  readonly image?: string;
  /** A list can contain duplicate names and entries without `=`. */
  readonly env?: Readonly<Record<string, string>> | readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** `5000` means `5000/tcp`. */
  readonly expose?: readonly (number | string)[];
  readonly publish?: readonly PublishedPort[];
  /** Created on demand. Default: `bridge`. An empty list attaches no network. */
  readonly networks?: readonly string[];
  /** Default: the first network. `container:<id>` with `networks: []` shares the network of another container. */
  readonly networkMode?: string;
  /** Adds a health check with this first result. */
  readonly health?: HealthStatus;
  readonly stopSignal?: string;
  /** Seconds. */
  readonly stopTimeout?: number;
  readonly command?: readonly string[];
  readonly mounts?: readonly Readonly<Record<string, unknown>>[];
  /** Replaces the demo app. */
  readonly handler?: RequestListener;
  /** Ports the process listens on. Default: the exposed TCP ports. */
  readonly listens?: readonly number[];
  /** False: the container is only registered and listens on no port. Default: the engine's setting. */
  readonly serve?: boolean;
}

/** A port of the container published on the host. */
export interface PublishedPort {
  readonly ip?: string;
  readonly host: number;
  readonly container: number | string;
}

export type HealthStatus = "starting" | "healthy" | "unhealthy";
export type ContainerState = "created" | "running" | "paused" | "exited";

/** A container's attachment to a network. It has no endpoint while the container is stopped. */
export interface Attachment {
  readonly network: Network;
  endpoint: { readonly id: string; readonly address: string; readonly mac: string } | undefined;
}

/** One container of the embedded engine. */
export interface Container {
  readonly id: string;
  readonly options: ContainerOptions;
  readonly imageId: string;
  readonly createdAt: Instant;
  readonly networkMode: string;
  /** By network name. */
  readonly attachments: Map<string, Attachment>;
  readonly workload: Workload | undefined;
  name: string;
  state: ContainerState;
  /** Undefined without a health check and before the first start. */
  health: HealthStatus | undefined;
  startedAt: Instant | undefined;
  finishedAt: Instant | undefined;
  exitCode: number;
  restarts: number;
}

export function newContainer(
  options: ContainerOptions,
  attached: readonly Network[],
  workload: Workload | undefined,
  createdAt: Instant,
): Container {
  const { name, networks = ["bridge"], networkMode = networks[0] ?? "none" } = options;
  return {
    id: hexId(),
    options,
    imageId: imageId(options.image ?? DEFAULT_IMAGE),
    createdAt,
    networkMode: networkMode === "bridge" ? "default" : networkMode,
    attachments: new Map(attached.map((network) => [network.name, { network, endpoint: undefined }])),
    workload,
    name,
    state: "created",
    health: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    exitCode: 0,
    restarts: 0,
  };
}

export function isAlive(container: Container): boolean {
  return container.state === "running" || container.state === "paused";
}

export function imageOf(container: Container): string {
  return container.options.image ?? DEFAULT_IMAGE;
}

/** Returns exposed ports in Docker's notation, `5000/tcp`. Published ports are exposed, too. */
export function exposedPorts({ expose = [], publish = [] }: ContainerOptions): string[] {
  const named = [...expose, ...publish.map((port) => port.container)].map((port) => portName(port));
  return [...new Set(named)];
}

export function portName(port: number | string): string {
  return String(port).includes("/") ? String(port) : `${port}/tcp`;
}

/** Returns the environment in Docker's format, a list of `NAME=value`. */
export function environment({ env = [] }: ContainerOptions): readonly string[] {
  return Array.isArray(env) ? env : Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
