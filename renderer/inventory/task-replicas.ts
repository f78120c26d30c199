import { type Container, isSameContainer } from "../../shared/snapshot.ts";
import { joinTask } from "../../shared/task.ts";
import type { InventoryChange, InventoryContainer } from "./inventory-change.ts";

/** What the agents report of one container. */
interface Reports {
  readonly byAgent: Map<string, InventoryContainer>;
  /** The last state of a container that has ended, from its own Docker host. It never runs again. */
  ended?: Container;
}

/**
 * Joins what several agents report of one Swarm task: the agent of a manager the task, and that of its node the container. They
 * are one replica, which leaves when either reports so. The agents of nodes only report sooner: while one is absent, the
 * manager's decides.
 */
export class TaskReplicas {
  readonly #agents: readonly string[];
  readonly #reports = new Map<string, Reports>();
  /** What is passed on of each container with a task. */
  readonly #joined = new Map<string, InventoryContainer>();
  /** Whether an agent has reported a task: then the containers of other tasks are those that the swarm does not want. */
  #hasSwarm = false;
  #absent: ReadonlySet<string> = new Set();

  /** `agents` are the sockets of all agents. Of several managers the first one decides. */
  constructor(agents: readonly string[]) {
    this.#agents = agents;
  }

  /** All containers, each task once. */
  get known(): readonly InventoryContainer[] {
    return [...this.#reports.keys()].flatMap((id) => this.#shown(id));
  }

  apply({ upserted, gone }: InventoryChange): InventoryChange {
    const touched = new Set([...gone, ...upserted].map(({ container }) => container.id));
    const before = this.#before(touched);
    for (const one of gone) this.#forget(one);
    for (const one of upserted) {
      const reports = this.#reports.get(one.container.id) ?? { byAgent: new Map() };
      this.#reports.set(one.container.id, reports);
      reports.byAgent.set(one.agent, one);
    }
    const isFirst = !this.#hasSwarm && upserted.some(({ container }) => container.task);
    if (!isFirst) return this.#changeSince(before);
    const ofTasks = [...this.#reports].filter(([, { byAgent }]) =>
      [...byAgent.values()].some(({ container }) => container.isTask),
    );
    for (const [id, shown] of this.#before(ofTasks.map(([id]) => id))) if (!before.has(id)) before.set(id, shown);
    this.#hasSwarm = true;
    return this.#changeSince(before);
  }

  /** Sets the agents whose state may be outdated. */
  setAbsent(agents: ReadonlySet<string>): InventoryChange {
    const changed = this.#agents.filter((agent) => agents.has(agent) !== this.#absent.has(agent));
    const touched = [...this.#joined.keys()].filter((id) =>
      changed.some((agent) => this.#reports.get(id)?.byAgent.has(agent)),
    );
    const before = this.#before(touched);
    this.#absent = new Set(agents);
    return this.#changeSince(before);
  }

  #before(ids: Iterable<string>): Map<string, readonly InventoryContainer[]> {
    return new Map([...ids].map((id) => [id, this.#shown(id)]));
  }

  #forget({ agent, container: { id } }: InventoryContainer): void {
    const reports = this.#reports.get(id);
    const last = reports?.byAgent.get(agent)?.container;
    reports?.byAgent.delete(agent);
    if (!reports || !last) return;
    if (!last.task && hasEnded(last)) reports.ended = last;
    const isTask = [...reports.byAgent.values()].some(({ container }) => container.task);
    if (!isTask) delete reports.ended;
    if (reports.byAgent.size === 0) this.#reports.delete(id);
  }

  #changeSince(old: ReadonlyMap<string, readonly InventoryContainer[]>): InventoryChange {
    const [upserted, gone]: [InventoryContainer[], InventoryContainer[]] = [[], []];
    for (const [id, earlier] of old) {
      this.#join(id);
      const shown = this.#shown(id);
      upserted.push(...shown.filter((one) => !earlier.includes(one)));
      gone.push(...earlier.filter(({ agent }) => !shown.some((one) => one.agent === agent)));
    }
    return { upserted, gone };
  }

  /** Joins the reports of a container with a task. The object remains the same while the result does. */
  #join(id: string): void {
    const { byAgent = new Map<string, InventoryContainer>(), ended } = this.#reports.get(id) ?? {};
    const all = this.#agents.flatMap((agent) => byAgent.get(agent) ?? []);
    const task = all.find(({ container }) => container.task);
    // A node may report any container as that of its task.
    if (!task || all.some(({ container }) => !container.task && !container.isTask)) {
      this.#joined.delete(id);
      return;
    }
    const local = all.find(
      ({ container, agent }) => !container.task && (!this.#absent.has(agent) || hasEnded(container)),
    );
    const own = local?.container ?? ended;
    const joined = own ? { ...task, container: joinTask(task.container, own) } : task;
    const known = this.#joined.get(id);
    const isSame = known?.agent === task.agent && known.dockerHost === task.dockerHost;
    if (!isSame || !isSameContainer(known.container, joined.container)) this.#joined.set(id, joined);
  }

  #shown(id: string): readonly InventoryContainer[] {
    const joined = this.#joined.get(id);
    if (joined) return [joined];
    const all = [...(this.#reports.get(id)?.byAgent.values() ?? [])];
    const plain = all.filter(({ container }) => !container.task && !container.isTask);
    return plain.length > 0 || this.#hasSwarm ? plain : all;
  }
}

function hasEnded({ state }: Container): boolean {
  return ["exited", "dead", "removing"].includes(state);
}
