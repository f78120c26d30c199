import { type Container, type HealthStatus, isAlive } from "./container.ts";
import { containerEvent } from "./event-message.ts";
import { hexId } from "./hex-id.ts";
import type { Machine } from "./machine.ts";

// What happens to a container without starting or ending it.

/** Health is no longer watched, which Docker takes for ill, telling nobody; the next check tells the truth. */
export function stopHealthChecks(container: Container): void {
  if (container.health !== undefined) container.health = "unhealthy";
}

export function pause(machine: Machine, container: Container): void {
  if (container.state !== "running") throw new Error(`${container.name} is not running`);
  container.state = "paused";
  stopHealthChecks(container);
  container.workload?.freeze();
  machine.events.tell(containerEvent(container, "pause"));
}

export function unpause(machine: Machine, container: Container): void {
  if (container.state !== "paused") throw new Error(`${container.name} is not paused`);
  container.state = "running";
  container.workload?.thaw();
  machine.events.tell(containerEvent(container, "unpause"));
}

export function rename(machine: Machine, container: Container, name: string): void {
  const oldName = `/${container.name}`;
  machine.name(container, name);
  machine.events.tell(containerEvent(container, "rename", { oldName }));
}

/** The result of a health check; only a change is told. */
export function setHealth(machine: Machine, container: Container, status: HealthStatus): void {
  if (container.health === undefined) throw new Error(`${container.name} has no health check`);
  if (container.health === status) return;
  container.health = status;
  machine.events.tell(containerEvent(container, `health_status: ${status}`));
}

/** `docker exec`, and every health check of a real engine: two of the events tell the whole command line. */
export function exec(machine: Machine, container: Container, command: string): void {
  if (!isAlive(container)) throw new Error(`${container.name} is not running`);
  const execID = hexId();
  machine.events.tell(containerEvent(container, `exec_create: ${command}`, { execID }));
  machine.events.tell(containerEvent(container, `exec_start: ${command}`, { execID }));
  machine.events.tell(containerEvent(container, "exec_die", { execID, exitCode: "0" }));
}
