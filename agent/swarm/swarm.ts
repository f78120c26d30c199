import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import type { Container } from "../../shared/snapshot.ts";
import type { Disclosed } from "../disclosed.ts";
import type { DockerReader } from "../docker.ts";
import { asDockerError, type DockerError } from "../docker-error.ts";
import type { Policy } from "../policy.ts";
import { type ServiceEvent, SwarmNode, SwarmService, SwarmTask } from "./answers.ts";
import { Merged } from "./merged.ts";
import { recordOf } from "./task-record.ts";

/** Milliseconds between lists of all tasks: a task that ends by itself causes no event. More than `MANY` cost more. */
const TASKS_MS = 2_000;
const MANY = 300;
const MANY_TASKS_MS = 5_000;

/** Milliseconds between lists of all services and nodes. Events report changes of services. */
const SERVICES_MS = 30_000;

/**
 * Milliseconds for which a service counts as changing after an event or a change of its tasks, and between lists of its tasks
 * meanwhile. A task receives its stop signal 3 seconds after the swarm no longer wants it to run.
 */
const FLUX_MS = 4_000;
const FLUX_LIST_MS = 250;

/** Changing services whose tasks are listed alone. If there are more, all tasks are listed. */
const MAX_FLUX = 8;

/** Milliseconds without a request after each list: as long as the list took, within these limits. */
const [MIN_REST_MS, MAX_REST_MS] = [50, 5_000];

/** Milliseconds for which a task that is no longer wanted is disclosed as stopping. */
const LEAVING_MS = 2_000;

/** Milliseconds for which a list without any task is not believed, unless services change. */
const EMPTY_MS = 30_000;

/** Milliseconds for which a starting Engine may respond that it is not a manager, and between requests to one. */
const STARTING_MS = 5_000;
const WORKER_MS = 10_000;

export interface SwarmOptions {
  readonly docker: DockerReader;
  readonly policy: Policy;
  readonly disclosed: Disclosed;
  readonly log: Log;
}

/** A task, or a service without one. */
interface Known {
  readonly service: string;
  /** What its record was made from. */
  readonly version: string;
  /** Undefined when the policy hides it. */
  readonly record: Container | undefined;
  /** Removes the record of a task that is no longer wanted. */
  readonly timer?: NodeJS.Timeout;
}

/** Discloses the tasks that a swarm wants to run, and services without one. An error changes nothing. */
export class Swarm {
  /** Receives the containers of this host. */
  readonly local: Merged;
  /** Resolves after the first complete list, or when the Engine is no manager. */
  readonly ready: Promise<void>;
  #setReady: () => void = () => undefined;
  readonly #options: SwarmOptions;
  /** Undefined for jobs and plug-ins. */
  readonly #services = new Map<string, SwarmService | undefined>();
  #nodes: ReadonlyMap<string, SwarmNode> = new Map();
  /** By the id of the task or service. */
  readonly #known = new Map<string, Known>();
  /** Until when a service counts as changing, on the clock of `performance.now`, like all times below. */
  readonly #flux = new Map<string, number>();
  /** When services, and all tasks, are to be listed again. */
  #servicesAt = 0;
  #tasksAt = 0;
  #isWoken = false;
  #wake: () => void = () => undefined;
  #emptySince: number | undefined;
  #failingSince: number | undefined;
  #failure = "";

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.local = new Merged(options.disclosed);
    this.ready = new Promise((resolve) => (this.#setReady = resolve));
  }

  /** Follows the swarm until the signal aborts. Never rejects. */
  async follow(end: AbortSignal): Promise<void> {
    for (let attempt = 0; !end.aborted; attempt++) {
      const connection = new AbortController();
      const signal = AbortSignal.any([end, connection.signal]);
      try {
        const events = await this.#options.docker.serviceEvents(signal);
        this.#servicesAt = 0;
        await Promise.race([this.#pump(events), this.#poll(signal)]);
      } catch (error) {
        if (!end.aborted) this.#fail(asDockerError(error));
      } finally {
        connection.abort();
      }
      await sleep(backoffMs(attempt, Math.random()), undefined, { signal: end }).catch(() => undefined);
    }
  }

  async #pump(events: AsyncIterable<ServiceEvent | "unreadable">): Promise<void> {
    for await (const event of events) {
      if (event !== "unreadable") this.#changes(event.service);
      this.#relist();
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      this.#isWoken = false;
      const pauseMs = await this.#list(startedAt).then(
        () => this.#succeed(),
        (error: unknown) => (signal.aborted ? 0 : this.#fail(asDockerError(error))),
      );
      const tookMs = performance.now() - startedAt;
      await sleep(Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, tookMs)), undefined, { signal }).catch(() => undefined);
      if (this.#isWoken) continue;
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([woken, sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)]);
    }
  }

  /** Lists services at once, and all tasks. */
  #relist(): void {
    this.#servicesAt = 0;
    this.#isWoken = true;
    this.#wake();
  }

  #changes(service: string): void {
    this.#flux.set(service, performance.now() + FLUX_MS);
  }

  async #list(now: number): Promise<void> {
    const isComplete = now >= this.#servicesAt;
    if (isComplete) await this.#listServices(now);
    for (const [id, until] of this.#flux) if (until < now || !this.#services.has(id)) this.#flux.delete(id);
    for (const [id, service] of this.#services) if (isUpdating(service)) this.#changes(id);
    const { docker } = this.#options;
    const changing = [...this.#flux.keys()];
    if (isComplete || now >= this.#tasksAt || changing.length === 0 || changing.length > MAX_FLUX) {
      const tasks = await docker.tasks();
      this.#tasksAt = now + (tasks.length > MANY ? MANY_TASKS_MS : TASKS_MS);
      if (!this.#isDoubtful(tasks, now) && this.#apply(tasks, [...this.#services.keys()]) && !isComplete)
        this.#relist();
      return;
    }
    try {
      this.#apply(await docker.tasks(changing), changing);
    } catch (error) {
      // One of them was removed.
      if (asDockerError(error).detail !== "404") throw error;
      this.#relist();
    }
  }

  async #listServices(now: number): Promise<void> {
    const { docker } = this.#options;
    this.#servicesAt = now + SERVICES_MS;
    try {
      const [services, nodes] = await Promise.all([docker.services(), docker.nodes()]);
      const listed = new Set<string>();
      for (const entry of services) {
        const id = idOf(entry);
        listed.add(id);
        this.#services.set(id, SwarmService.safeParse(entry).data ?? this.#services.get(id));
      }
      for (const id of this.#services.keys()) if (!listed.has(id)) this.#services.delete(id);
      this.#nodes = new Map(
        nodes.flatMap((entry) => SwarmNode.safeParse(entry).data ?? []).map((one) => [one.ID, one]),
      );
    } catch (error) {
      this.#servicesAt = 0;
      throw error;
    }
  }

  /** Whether the list may be that of a manager that has just started. */
  #isDoubtful(tasks: readonly unknown[], now: number): boolean {
    const isEmptied =
      tasks.length === 0 && this.#flux.size === 0 && [...this.#known].some(([id, one]) => id !== one.service);
    this.#emptySince = isEmptied ? (this.#emptySince ?? now) : undefined;
    return this.#emptySince !== undefined && now - this.#emptySince < EMPTY_MS;
  }

  /** Applies the complete list of tasks of these services, and of removed ones. Returns whether a service is not known. */
  #apply(entries: readonly unknown[], services: readonly string[]): boolean {
    const listed = new Set<string>();
    const serving = new Set<string>();
    let isMissing = false;
    for (const entry of entries) {
      const task = SwarmTask.safeParse(entry).data;
      const id = idOf(entry);
      listed.add(id);
      serving.add(task?.ServiceID ?? this.#known.get(id)?.service ?? "");
      const service = task && this.#services.get(task.ServiceID);
      if (task && service) this.#update(id, service, task);
      else if (task) isMissing ||= !this.#services.has(task.ServiceID);
      else this.#options.log("warn", "container.skipped", { reason: "a task has an unexpected format" });
    }
    for (const id of services) {
      const service = this.#services.get(id);
      if (!service || serving.has(id)) continue;
      this.#update(id, service);
      listed.add(id);
    }
    for (const [id, known] of this.#known)
      if (!listed.has(id) && (services.includes(known.service) || !this.#services.has(known.service)))
        this.#leave(id, known);
    this.local.complete();
    this.#setReady();
    return isMissing;
  }

  #update(id: string, service: SwarmService, task?: SwarmTask): void {
    const node = this.#nodes.get(task?.NodeID ?? "");
    const version = JSON.stringify([
      service.Version.Index,
      task?.Version.Index,
      node?.Description.Hostname,
      node?.Status.State,
    ]);
    const known = this.#known.get(id);
    if (known?.version === version && !known.timer) return;
    clearTimeout(known?.timer);
    if (known?.version !== version && this.local.isComplete) this.#changes(service.ID);
    const record = recordOf(service, task, node, this.#options.policy);
    if (known?.record && known.record.id !== record?.id) this.local.removeTask(known.record.id);
    if (record) this.local.setTask(record);
    this.#known.set(id, { service: service.ID, version, record });
  }

  /** Discloses a task that is no longer wanted as stopping for a moment: it serves requests that its successor cannot serve yet. */
  #leave(id: string, known: Known): void {
    if (known.timer) return;
    this.#changes(known.service);
    const { record } = known;
    const remove = (): void => {
      this.#known.delete(id);
      if (record) this.local.removeTask(record.id);
    };
    if (!record || id === known.service || record.state !== "running") return remove();
    this.local.setTask({ ...record, stopping: true });
    this.#known.set(id, { ...known, timer: setTimeout(remove, LEAVING_MS).unref() });
  }

  /** Returns the milliseconds until the next list. */
  #succeed(): number {
    this.#failingSince = undefined;
    if (this.#failure !== "") this.#options.log("info", "swarm.connected", { services: this.#services.size });
    this.#failure = "";
    return this.#flux.size > 0 ? FLUX_LIST_MS : this.#tasksAt - performance.now();
  }

  #fail({ message: error, code, detail = code }: DockerError): number {
    const now = performance.now();
    this.#failingSince ??= now;
    const isStarting = now - this.#failingSince < STARTING_MS;
    const isWorker = detail === "503";
    if (isWorker && !isStarting) this.#setReady();
    if (this.#failure !== detail) this.#options.log("warn", "swarm.disconnected", { error, code, hint: hints[detail] });
    this.#failure = detail;
    return isWorker && !isStarting ? WORKER_MS : TASKS_MS;
  }
}

const hints: Readonly<Record<string, string>> = {
  "503":
    "Docker is not a manager of a swarm; give the agent the socket of a manager, or remove --swarm. Containers of this host are still followed, and known tasks are kept",
  "500": "the swarm has no leader; restore the majority of its managers. Known tasks are kept",
  "docker.timeout": "the swarm has no leader; restore the majority of its managers. Known tasks are kept",
};

function isUpdating(service: SwarmService | undefined): boolean {
  return ["updating", "rollback_started"].includes(service?.UpdateStatus?.State ?? "");
}

function idOf(entry: unknown): string {
  return String((entry as { ID?: unknown } | null)?.ID);
}
