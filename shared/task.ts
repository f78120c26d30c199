import type { Container } from "./snapshot.ts";

/**
 * Returns a Swarm task with the state of its container. The task decides what is requested, so that replicas on all nodes are
 * alike. Its node knows state and health first.
 */
export function joinTask(task: Container, { state, health, stopping, stoppingUntil }: Container): Container {
  return {
    ...task,
    state: task.state === "running" ? state : task.state,
    health,
    stopping: task.stopping || stopping,
    ...(stoppingUntil !== undefined && { stoppingUntil }),
  };
}
