import { stopHealthChecks, unpause } from "./alteration.ts";
import { plug, unplug } from "./attachment.ts";
import { type Container, type ContainerOptions, exposedPorts, isAlive, newContainer } from "./container.ts";
import { containerEvent } from "./event-message.ts";
import { withImage } from "./image.ts";
import type { Machine } from "./machine.ts";
import { signalNumber } from "./signal-number.ts";
import { Workload } from "./workload.ts";

const KILL = 9;

/** Behaviour of a container on `docker stop`. */
export interface StopOptions {
  /** Awaited between the stop signal and the exit. The container still serves requests meanwhile. */
  readonly grace?: () => Promise<unknown>;
  /** Ignores the signal, so that the engine must kill it. */
  readonly stubborn?: boolean;
}

export function create(machine: Machine, given: ContainerOptions): Container {
  const image = machine.images.get(given.image ?? "");
  const options = image ? withImage(given, image) : given;
  const networks = (options.networks ?? ["bridge"]).map((name) => machine.networkNamed(name));
  const serve = options.serve ?? machine.options.serve;
  // The app reads its name only when it serves a request; the id is known by then.
  const workload: Workload | undefined = serve
    ? new Workload((request, response) => answer(request, response), options.listens ?? tcpPorts(options))
    : undefined;
  const container = newContainer(options, networks, workload, machine.clock.now());
  const answer = options.handler ?? machine.options.app(container);
  machine.name(container, options.name);
  machine.events.emit(containerEvent(container, "create"));
  return container;
}

export async function start(machine: Machine, container: Container): Promise<void> {
  if (isAlive(container)) return;
  for (const attachment of container.attachments.values()) await plug(machine, container, attachment);
  container.state = "running";
  container.startedAt = machine.clock.now();
  container.finishedAt = undefined;
  container.health = container.options.health;
  machine.events.emit(containerEvent(container, "start"));
}

/** `docker stop`: signal, grace period, exit. */
export async function stop(machine: Machine, container: Container, options: StopOptions = {}): Promise<void> {
  if (!isAlive(container)) return;
  emitKill(machine, container, signalNumber(container.options.stopSignal ?? "SIGTERM"));
  if (container.state === "paused") unpause(machine, container);
  await options.grace?.();
  if (options.stubborn) emitKill(machine, container, KILL);
  else await container.workload?.drain();
  await end(machine, container, options.stubborn ? 128 + KILL : 0, "stop");
}

/** `docker kill`: stops the container if the signal terminates an ordinary program. */
export async function kill(machine: Machine, container: Container, signal: string | number): Promise<void> {
  if (!isAlive(container)) throw new Error(`${container.name} is not running`);
  const number = signalNumber(signal);
  emitKill(machine, container, number);
  const ending = [KILL, ...["SIGTERM", "SIGINT", "SIGQUIT"].map(signalNumber)];
  if (!ending.includes(number)) return;
  if (number !== KILL) await container.workload?.drain();
  await end(machine, container, number === KILL ? 128 + KILL : 0);
}

/** Ends the process and releases its addresses. `announced` is the event of the command that caused it. */
export async function end(machine: Machine, container: Container, exitCode: number, announced?: "stop"): Promise<void> {
  const finishedAt = machine.clock.now();
  const ran = (finishedAt - (container.startedAt ?? finishedAt)) / 1_000_000_000n;
  const { dieIsLast } = machine.options.release;
  const die = containerEvent(container, "die", {
    ...(dieIsLast && { execDuration: String(ran) }),
    exitCode: String(exitCode),
  });
  await container.workload?.end();
  Object.assign(container, { state: "exited", exitCode, finishedAt });
  stopHealthChecks(container);
  if (!dieIsLast) machine.events.emit(die);
  for (const attachment of container.attachments.values()) await unplug(machine, container, attachment);
  if (announced !== undefined) machine.events.emit(containerEvent(container, announced));
  if (dieIsLast) machine.events.emit(die);
}

export async function restart(machine: Machine, container: Container, options?: StopOptions): Promise<void> {
  await stop(machine, container, options);
  await start(machine, container);
  machine.events.emit(containerEvent(container, "restart"));
}

/** `docker rm --force`. */
export async function remove(machine: Machine, container: Container): Promise<void> {
  if (isAlive(container)) await kill(machine, container, KILL);
  machine.forget(container);
  machine.events.emit(containerEvent(container, "destroy"));
}

function emitKill(machine: Machine, container: Container, signal: number): void {
  machine.events.emit(containerEvent(container, "kill", { signal: String(signal) }));
}

function tcpPorts(options: ContainerOptions): number[] {
  return exposedPorts(options)
    .filter((port) => port.endsWith("/tcp"))
    .map((port) => Number.parseInt(port, 10));
}
