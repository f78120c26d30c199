import type { Container, Task } from "../../shared/snapshot.ts";
import type { HealthRule } from "./options.ts";

interface IdleReason {
  readonly code: "state" | "stopping" | "health";
  readonly problem: string;
  readonly hint: string;
  readonly isStopped?: true;
}

/** Returns why a container cannot serve requests now, if so. `rule` is the health that it needs. */
export function idleReason(
  {
    state,
    stopping,
    stoppingUntil,
    health,
    healthCheck,
    task,
  }: Pick<Container, "state" | "stopping" | "stoppingUntil" | "health" | "healthCheck" | "task">,
  rule: HealthRule,
): IdleReason | undefined {
  if (state === "restarting") {
    const problem = "is restarting: Docker starts it again after it exited";
    return { code: "state", problem, hint: "see its log in `docker logs`" };
  }
  if (state === "paused") return { code: "state", problem: "is paused", hint: "unpause it to route it" };
  if (state !== "running") {
    if (task && task.state !== "running") return idleTask(task);
    return { code: "state", problem: `is ${state}`, hint: "start it to route it", isStopped: true };
  }
  if (task?.nodeState === "down") {
    const problem = `runs on node ${task.node ?? "?"}, which is down`;
    return { code: "state", problem, hint: "start the node, or wait until the swarm replaces the task" };
  }
  // A task that the swarm no longer wants serves requests until its own Engine stops it.
  if (stopping && (!task || stoppingUntil !== undefined)) {
    const until = stoppingUntil === undefined ? "" : `, and counts as stopping until ${utc(stoppingUntil)}`;
    const problem = `is stopping: it received its stop signal${until}`;
    return { code: "stopping", problem, hint: "restart it to route it earlier" };
  }
  if (health === "starting" && rule === "required") {
    const due = healthCheck
      ? `, which runs every ${timeText(healthCheck.everyMs)}, first at ${utc(healthCheck.firstAt)}`
      : "";
    const hint = "wait, or set the label `sallyport.health=started` to route it earlier";
    return { code: "health", problem: `has not passed its health check yet${due}`, hint };
  }
  if (health === "unhealthy" && rule !== "ignored") {
    const due = healthCheck ? ` by its health check, which runs every ${timeText(healthCheck.everyMs)}` : "";
    const hint = "see its log in `docker inspect`, or set the label `sallyport.health=ignored` to route it anyway";
    return { code: "health", problem: `is unhealthy${due}`, hint };
  }
  return undefined;
}

/** Returns why a service has no running task, and what to do. */
function idleTask({ service, state, node, update }: Task): IdleReason {
  const at = node === undefined ? "" : ` on node ${node}`;
  const paused = update?.endsWith("paused") ? `, and the update of service ${service} is paused` : "";
  const problem = state === undefined ? "is a service without a running task" : `is a task in the state ${state}${at}`;
  const hint = `${state === undefined ? "scale it up, or " : ""}see \`docker service ps --no-trunc ${service}\``;
  return { code: "state", problem: `${problem}${paused}`, hint, isStopped: true };
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Formats milliseconds as `90s`, `5m` or `1h`. */
function timeText(ms: number): string {
  const [size, unit] = [[3_600_000, "h"] as const, [60_000, "m"] as const].find(([one]) => ms % one === 0) ?? [
    1_000,
    "s",
  ];
  return `${ms / size}${unit}`;
}
