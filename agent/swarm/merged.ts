import type { Container } from "../../shared/snapshot.ts";
import { joinTask } from "../../shared/task.ts";
import type { Sources } from "../container-store.ts";
import type { Disclosed } from "../disclosed.ts";

/** Merges the containers of this host with the tasks of the swarm: a container that runs a task is disclosed once. */
export class Merged implements Pick<Sources["disclosed"], "set" | "remove"> {
  readonly #disclosed: Disclosed;
  readonly #containers = new Map<string, Container>();
  readonly #tasks = new Map<string, Container>();
  #isComplete = false;

  constructor(disclosed: Disclosed) {
    this.#disclosed = disclosed;
    disclosed.lacksTasks = true;
  }

  set unlisted(count: number) {
    this.#disclosed.unlisted = count;
  }

  /** Whether all tasks have been set once. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Sets a container of this host. */
  set(container: Container): void {
    this.#containers.set(container.id, container);
    this.#publish(container.id);
  }

  remove(id: string): void {
    this.#containers.delete(id);
    this.#publish(id);
  }

  setTask(task: Container): void {
    this.#tasks.set(task.id, task);
    this.#publish(task.id);
  }

  removeTask(id: string): void {
    this.#tasks.delete(id);
    this.#publish(id);
  }

  /** From now on, containers of tasks that the swarm does not want to run are not disclosed. */
  complete(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    for (const [id, { isTask }] of this.#containers) if (isTask) this.#publish(id);
    this.#disclosed.lacksTasks = false;
  }

  /** Whether another task has this container: a node may report anything. */
  isHeld({ id, name }: Container): boolean {
    const held = this.#tasks.get(id);
    return held !== undefined && held.name !== name;
  }

  #publish(id: string): void {
    const [local, task] = [this.#containers.get(id), this.#tasks.get(id)];
    if (task && (!local || local.isTask)) this.#disclosed.set(local ? joinTask(task, local) : task);
    else if (local && !(local.isTask && this.#isComplete)) this.#disclosed.set(local);
    else this.#disclosed.remove(id);
  }
}
