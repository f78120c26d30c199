import type { RequestListener } from "node:http";
import type { Instant } from "./clock.ts";
import { hexId } from "./hex-id.ts";
import type { Network } from "./network.ts";
import type { Workload } from "./workload.ts";

/** What `docker create` is told, and what the process inside does. */
export interface ContainerOptions {
  readonly name: string;
  readonly image?: string;
  /** As a list when a name occurs twice or has no `=`. */
  readonly env?: Readonly<Record<string, string>> | readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** `5000` is `5000/tcp`. */
  readonly expose?: readonly (number | string)[];
  readonly publish?: readonly PublishedPort[];
  /** Created when they do not exist. Default: `bridge`. An empty list attaches it to nothing. */
  readonly networks?: readonly string[];
  /** Default: the first network. `container:<id>` with `networks: []` shares another's network. */
  readonly networkMode?: string;
  /** Gives it a health check with this first result. */
  readonly health?: HealthStatus;
  readonly stopSignal?: string;
  /** Seconds. */
  readonly stopTimeout?: number;
  readonly command?: readonly string[];
  readonly mounts?: readonly Readonly<Record<string, unknown>>[];
  /** Replaces the demo app. */
  readonly handler?: RequestListener;
  /** Ports the process really listens at. Default: the exposed TCP ports. */
  readonly listens?: readonly number[];
  /** False: registered only, nothing listens. Default: the engine's own setting. */
  readonly serve?: boolean;
}

/** A port of the container that is also one of the host's. */
export interface PublishedPort {
  readonly ip?: string;
  readonly host: number;
  readonly container: number | string;
}

export type HealthStatus = "starting" | "healthy" | "unhealthy";
export type ContainerState = "created" | "running" | "paused" | "exited";

/** Membership of one network; without an address while the container does not run. */
export interface Attachment {
  readonly network: Network;
  endpoint: { readonly id: string; readonly address: string; readonly mac: string } | undefined;
}

/** One container of the embedded engine, as its whole API sees it. */
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
  /** Undefined before the first start, too. */
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
    imageId: `sha256:${hexId()}`,
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
  return container.options.image ?? "sallyport/demo-app:1";
}

/** Exposed ports as Docker names them, `5000/tcp`; a published port is exposed, too. */
export function exposedPorts({ expose = [], publish = [] }: ContainerOptions): string[] {
  const named = [...expose, ...publish.map((port) => port.container)].map((port) => portName(port));
  return [...new Set(named)];
}

export function portName(port: number | string): string {
  return String(port).includes("/") ? String(port) : `${port}/tcp`;
}

/** Environment as Docker keeps it: a list of `NAME=value`. */
export function environment({ env = [] }: ContainerOptions): readonly string[] {
  return Array.isArray(env) ? env : Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
