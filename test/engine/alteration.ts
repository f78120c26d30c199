import { type Container, type HealthStatus, isAlive } from "./container.ts";
import { containerEvent } from "./event-message.ts";
import { hexId } from "./hex-id.ts";
import type { Machine } from "./machine.ts";

// Changes of a container other than start and stop.

/** Stops health checks. Docker then reports `unhealthy` without an event, until the next check. */
export function stopHealthChecks(container: Container): void {
  if (container.health !== undefined) container.health = "unhealthy";
}

export function pause(machine: Machine, container: Container): void {
  if (container.state !== "running") throw new Error(`${container.name} is not running`);
  container.state = "paused";
  stopHealthChecks(container);
  container.workload?.freeze();
  machine.events.emit(containerEvent(container, "pause"));
}

export function unpause(machine: Machine, container: Container): void {
  if (container.state !== "paused") throw new Error(`${container.name} is not paused`);
  container.state = "running";
  container.workload?.thaw();
  machine.events.emit(containerEvent(container, "unpause"));
}

export function rename(machine: Machine, container: Container, name: string): void {
  const oldName = `/${container.name}`;
  machine.name(container, name);
  machine.events.emit(containerEvent(container, "rename", { oldName }));
}

/** Sets the result of a health check. Only a change emits an event. */
export function setHealth(machine: Machine, container: Container, status: HealthStatus): void {
  if (container.health === undefined) throw new Error(`${container.name} has no health check`);
  if (container.health === status) return;
  container.health = status;
  machine.events.emit(containerEvent(container, `health_status: ${status}`));
}

/** `docker exec`, as every health check of a real engine does. Two of its events contain the command line. */
export function exec(machine: Machine, container: Container, command: string): void {
  if (!isAlive(container)) throw new Error(`${container.name} is not running`);
  const execID = hexId();
  machine.events.emit(containerEvent(container, `exec_create: ${command}`, { execID }));
  machine.events.emit(containerEvent(container, `exec_start: ${command}`, { execID }));
  machine.events.emit(containerEvent(container, "exec_die", { execID, exitCode: "0" }));
}
