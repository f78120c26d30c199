import { readFileSync } from "node:fs";
import type { EventMessage } from "./event-message.ts";
import { hexId } from "./hex-id.ts";

type Entry = Record<string, unknown>;

/** What a real manager answered for one service, one task and one node. */
const RECORDED = JSON.parse(readFileSync("test/agent/swarm-answers.json", "utf8")) as Record<
  "service" | "task" | "node",
  Entry
>;

export interface ServiceOptions {
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
}

interface Service {
  readonly answer: Entry;
  readonly tasks: Entry[];
}

/** The services of an engine that is the manager of a swarm. Their tasks run at once, and have no servers. */
export class Swarm {
  readonly #services = new Map<string, Service>();
  readonly #emit: (event: EventMessage) => void;
  #count = 0;

  constructor(emit: (event: EventMessage) => void) {
    this.#emit = emit;
  }

  /** `docker service create`. */
  create(name: string, { labels, replicas }: ServiceOptions): void {
    const answer = structuredClone(RECORDED.service);
    const spec = answer["Spec"] as Entry;
    Object.assign(answer, { ID: this.#id(), Version: { Index: this.#count }, UpdateStatus: {} });
    Object.assign(spec, { Name: name, Labels: labels, Mode: { Replicated: { Replicas: replicas } } });
    const tasks = Array.from({ length: replicas }, (_, slot) => this.#task(String(answer["ID"]), slot + 1));
    this.#services.set(name, { answer, tasks });
    this.#event(name, "create", answer);
  }

  /** `docker service rm`. */
  remove(name: string): void {
    const { answer } = this.#services.get(name)!;
    this.#services.delete(name);
    this.#event(name, "remove", answer);
  }

  /** Answers of `GET /services`. */
  services(ids: readonly string[] = []): readonly Entry[] {
    const all = [...this.#services.values()].map(({ answer }) => answer);
    return ids.length === 0 ? all : all.filter(({ ID }) => ids.includes(String(ID)));
  }

  /** Answers of `GET /tasks`; undefined if one of these services does not exist. */
  tasks(services: readonly string[] = []): readonly Entry[] | undefined {
    if (this.services(services).length < services.length) return undefined;
    const wanted = [...this.#services.values()].filter(
      ({ answer }) => services.length === 0 || services.includes(String(answer["ID"])),
    );
    return wanted.flatMap(({ tasks }) => tasks);
  }

  get nodes(): readonly Entry[] {
    return [RECORDED.node];
  }

  #task(service: string, slot: number): Entry {
    const task = structuredClone(RECORDED.task);
    const [ID, index] = [this.#id(), this.#count];
    Object.assign(task, { ID, ServiceID: service, Slot: slot, Version: { Index: index } });
    (task["Status"] as { ContainerStatus: Entry }).ContainerStatus["ContainerID"] = hexId();
    const address = `10.${61 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}/8`;
    for (const one of task["NetworksAttachments"] as Entry[]) one["Addresses"] = [address];
    return task;
  }

  #id(): string {
    this.#count += 1;
    return this.#count.toString(36).padStart(25, "0");
  }

  #event(name: string, Action: string, { ID }: Entry): void {
    this.#emit({ Type: "service", Action, Actor: { ID: String(ID), Attributes: { name } }, scope: "swarm" });
  }
}
