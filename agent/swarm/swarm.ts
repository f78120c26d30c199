import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import type { Container } from "../../shared/snapshot.ts";
import type { Disclosed } from "../disclosed.ts";
import type { DockerReader } from "../docker.ts";
import { isPart } from "../list-reader.ts";
import { asDockerError, type DockerError } from "../docker-error.ts";
import { isSwarmId } from "../gate.ts";
import type { Policy } from "../policy.ts";
import { type ServiceEvent, SwarmNode, SwarmService, SwarmTask } from "./answers.ts";
import { Merged } from "./merged.ts";
import { hashOf, recordOf } from "./task-record.ts";

/** Milliseconds between lists of all tasks: a task that ends by itself causes no event. More than `MANY` cost more. */
const TASKS_MS = 2_000;
const MANY = 300;
const MANY_TASKS_MS = 5_000;

/** Milliseconds between lists of all services and nodes. Events report changes of services. */
const SERVICES_MS = 30_000;

/**
 * Milliseconds for which a service counts as changing after an event or a change of its tasks, or while one of them starts.
 * A task receives its stop signal 3 seconds after the swarm no longer wants it to run.
 */
const FLUX_MS = 4_000;
const STARTING_TASK_MS = 30_000;

/** Milliseconds between lists of the tasks of changing services, and soon after an event, while users wait for a task. */
const FLUX_LIST_MS = 250;
const EVENT_LIST_MS = 100;
const EVENT_MS = 10_000;

/** Changing services whose tasks are listed alone. If there are more, all are listed. */
const MAX_FLUX = 8;

/** Milliseconds without a request after each list, and at most without a list of all tasks: four times as long as that took. */
const [MIN_REST_MS, MAX_REST_MS, REST] = [50, 5_000, 4];

/**
 * Milliseconds for which a task that is no longer wanted is disclosed as stopping, at least: a manager that does not respond stops
 * no task and starts none in its place.
 */
const LEAVING_MS = 3_000;

/** Milliseconds without a list of changing services after which the manager counts as silent. */
const SILENT_MS = 1_500;

/** Milliseconds for which a list without any task is not believed, unless services change. */
const EMPTY_MS = 30_000;

/** Milliseconds for which containers wait for the first list of tasks, and between requests to an Engine that is not a manager. */
const STARTING_MS = 5_000;
const WORKER_MS = 10_000;

/** Milliseconds without a list after which tasks count as outdated. */
const STALE_MS = 10_000;

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
  /** Resolves after the first complete list, or after some seconds without one. */
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
  /** Services with an event since they were listed. */
  readonly #due = new Set<string>();
  #eventAt = Number.NEGATIVE_INFINITY;
  #listedAt = performance.now();
  /** When all may be listed again. */
  #restsUntil = 0;
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
    options.disclosed.swarm = () => {
      if (!this.local.isComplete) return "unknown";
      return performance.now() - this.#listedAt > STALE_MS ? "stale" : "current";
    };
    this.ready = new Promise((resolve) => (this.#setReady = resolve));
  }

  /** Follows the swarm until the signal aborts. Never rejects. */
  async follow(end: AbortSignal): Promise<void> {
    setTimeout(() => this.#setReady(), STARTING_MS).unref();
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
      if (event === "unreadable" || event.isNode) this.#relist();
      else if (event.service !== undefined) this.#listSoon(event.service);
    }
  }

  #listSoon(service: string): void {
    this.#changes(service);
    this.#due.add(service);
    this.#eventAt = performance.now();
    this.#wakeUp();
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isWoken = false;
      const pauseMs = await this.#list(performance.now()).then(
        () => this.#succeed(),
        (error: unknown) => (signal.aborted ? 0 : this.#fail(asDockerError(error))),
      );
      await sleep(MIN_REST_MS, undefined, { signal }).catch(() => undefined);
      if (this.#isWoken) continue;
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const rested = sleep(Math.max(0, pauseMs - MIN_REST_MS), undefined, { signal, ref: false });
      await Promise.race([woken, rested.catch(() => undefined)]);
    }
  }

  /** Lists all services and tasks at once. */
  #relist(): void {
    this.#servicesAt = 0;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#isWoken = true;
    this.#wake();
  }

  #changes(service: string, ms = FLUX_MS): void {
    this.#flux.set(service, Math.max(this.#flux.get(service) ?? 0, performance.now() + ms));
  }

  async #list(now: number): Promise<void> {
    const mayListAll = now >= this.#restsUntil;
    const isComplete = mayListAll && (now >= this.#servicesAt || this.#due.size > MAX_FLUX);
    const due = [...this.#due].slice(0, isComplete ? undefined : MAX_FLUX);
    if (isComplete || due.length > 0) await this.#listServices(now, isComplete, due);
    for (const [id, until] of this.#flux) if (until < now || !this.#services.has(id)) this.#flux.delete(id);
    for (const [id, service] of this.#services) if (isUpdating(service)) this.#changes(id);
    const { docker } = this.#options;
    if (isComplete || (mayListAll && (now >= this.#tasksAt || this.#flux.size > MAX_FLUX))) {
      const tasks = await docker.tasks();
      const endedAt = performance.now();
      this.#restsUntil = endedAt + Math.min(MAX_REST_MS, REST * (endedAt - now));
      this.#tasksAt = now + (tasks.length > MANY ? MANY_TASKS_MS : TASKS_MS);
      if (!this.#isDoubtful(tasks, now) && this.#apply(tasks, [...this.#services.keys()]) && !isComplete)
        this.#relist();
      return;
    }
    const first = due.filter((id) => this.#flux.has(id));
    const changing = [...new Set([...first, ...this.#flux.keys()])].slice(0, MAX_FLUX);
    try {
      this.#apply(changing.length > 0 ? await docker.tasks(changing) : [], changing);
    } catch (error) {
      // One of them was removed.
      if (asDockerError(error).detail !== "404") throw error;
      this.#relist();
    }
  }

  /** Lists all services and nodes, or the services that had events. */
  async #listServices(now: number, isComplete: boolean, due: readonly string[]): Promise<void> {
    const { docker } = this.#options;
    for (const id of due) this.#due.delete(id);
    if (isComplete) this.#servicesAt = now + SERVICES_MS;
    try {
      const [services, nodes] = isComplete
        ? await Promise.all([docker.services(), docker.nodes()])
        : [await docker.services(due)];
      const listed = new Set(services.map(idOf));
      for (const entry of services) {
        const id = idOf(entry);
        if (isPart(entry) && !this.#services.has(id))
          this.#options.log("warn", "container.skipped", { id, reason: "a service exceeds the size limit" });
        this.#services.set(id, SwarmService.safeParse(entry).data ?? this.#services.get(id));
      }
      for (const id of isComplete ? this.#services.keys() : due) if (!listed.has(id)) this.#services.delete(id);
      if (nodes)
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
      const { id, service } = headOf(entry);
      listed.add(id);
      serving.add(service);
      const known = this.#services.get(service);
      if (known) this.#update(known, entry);
      else isMissing ||= isSwarmId(service) && !this.#services.has(service);
    }
    for (const id of services) {
      const service = this.#services.get(id);
      if (!service || serving.has(id)) continue;
      this.#update(service);
      listed.add(id);
    }
    for (const [id, known] of this.#known)
      if (!listed.has(id) && (services.includes(known.service) || !this.#services.has(known.service)))
        this.#leave(id, known);
    this.local.complete();
    this.#setReady();
    return isMissing;
  }

  /** Discloses a task, or a service without one. Most tasks did not change since the last list: they are not parsed. */
  #update(service: SwarmService, entry?: unknown): void {
    const { id, index, node: nodeId } = entry === undefined ? { ...NO_TASK, id: service.ID } : headOf(entry);
    const node = this.#nodes.get(nodeId);
    const version = `${service.Version.Index} ${index} ${node?.Description.Hostname} ${node?.Status.State}`;
    const known = this.#known.get(id);
    if (known?.version === version && !known.timer) return;
    clearTimeout(known?.timer);
    const task = entry === undefined ? undefined : SwarmTask.safeParse(entry).data;
    if (entry !== undefined && !task) {
      this.#options.log("warn", "container.skipped", { reason: "a task has an unexpected format" });
      return void this.#known.set(id, { service: service.ID, version, record: known?.record });
    }
    const found = recordOf(service, task, node, this.#options.policy);
    const record = found && this.local.isHeld(found) ? { ...found, id: hashOf(id) } : found;
    if (known?.version !== version && this.local.isComplete)
      this.#changes(service.ID, record?.state === "created" ? STARTING_TASK_MS : FLUX_MS);
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
    const removeIn = (ms: number): void => {
      const isSilent = (): boolean => performance.now() - this.#listedAt > SILENT_MS;
      const timer = setTimeout(() => (isSilent() ? removeIn(SILENT_MS) : remove()), ms).unref();
      this.#known.set(id, { ...known, timer });
    };
    this.local.setTask({ ...record, stopping: true });
    removeIn(LEAVING_MS);
  }

  /** Returns the milliseconds until the next list. */
  #succeed(): number {
    this.#failingSince = undefined;
    this.#listedAt = performance.now();
    if (this.#failure !== "") this.#options.log("info", "swarm.connected", { services: this.#services.size });
    this.#failure = "";
    const dueAt = Math.max(Math.min(this.#tasksAt, this.#servicesAt), this.#restsUntil);
    if (this.#flux.size === 0) return dueAt - performance.now();
    return performance.now() - this.#eventAt < EVENT_MS ? EVENT_LIST_MS : FLUX_LIST_MS;
  }

  #fail({ message: error, code, detail = code }: DockerError): number {
    const now = performance.now();
    this.#failingSince ??= now;
    const isStarting = now - this.#failingSince < STARTING_MS;
    const isWorker = detail === "503";
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
  return headOf(entry).id;
}

const NO_TASK = { id: "", service: "", node: "", index: "" };

/** What shows whether an entry of a list changed. */
function headOf(entry: unknown): typeof NO_TASK {
  const { ID, ServiceID, NodeID, Version } = Object(entry) as Record<string, unknown>;
  const { Index } = Object(Version) as Record<string, unknown>;
  return { id: String(ID), service: String(ServiceID), node: String(NodeID), index: String(Index) };
}
