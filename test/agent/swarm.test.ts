import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { after, describe, test } from "node:test";
import { Disclosed } from "../../agent/disclosed.ts";
import type { DockerReader } from "../../agent/docker.ts";
import { DockerError } from "../../agent/docker-error.ts";
import { defaultPolicy, type Policy } from "../../agent/policy.ts";
import { ServiceEvent } from "../../agent/swarm/answers.ts";
import { Swarm } from "../../agent/swarm/swarm.ts";
import { Container } from "../../shared/snapshot.ts";
import { eventually } from "../eventually.ts";
import { container } from "../renderer/fake-agent.ts";

type Entry = Record<string, unknown>;

const RECORDED = JSON.parse(readFileSync("test/agent/swarm-answers.json", "utf8")) as Record<string, Entry>;
const SERVICE = String(RECORDED["service"]!["ID"]);
const NODE = String(RECORDED["node"]!["ID"]);

let ids = 0;

/** An id of the swarm. */
function newId(): string {
  return String(++ids).padStart(25, "0");
}

/** Returns the recorded answer with other values at these paths, such as `Status.State`. */
function changed(name: string, changes: Entry): Entry {
  const copy = structuredClone(RECORDED[name]!);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop()!;
    const parent = keys.reduce<Entry>((at, key) => at[key] as Entry, copy);
    parent[last] = value;
  }
  return copy;
}

function service(changes: Entry = {}): Entry {
  return changed("service", {
    "Version.Index": ++ids,
    "Spec.Labels": { "sallyport.host": "a.example" },
    "UpdateStatus.State": "completed",
    ...changes,
  });
}

function task(changes: Entry = {}): Entry {
  const id = newId();
  const fixed = { ID: id, ServiceID: SERVICE, NodeID: NODE, "Version.Index": ++ids };
  return changed("task", { ...fixed, "Status.ContainerStatus.ContainerID": id.padStart(64, "0"), ...changes });
}

/** A manager whose answers can be replaced. An error is thrown. */
class Manager {
  readonly answers: Record<"services" | "tasks" | "nodes", readonly unknown[] | Error | Promise<never>> = {
    services: [service()],
    tasks: [],
    nodes: [RECORDED["node"]],
  };
  requests = 0;
  readonly logged: string[] = [];
  readonly disclosed = new Disclosed();
  readonly swarm: Swarm;
  readonly #stop = new AbortController();
  #resolve: (event: ServiceEvent) => void = () => undefined;

  constructor(policy: Policy = defaultPolicy()) {
    const answer = async (name: keyof Manager["answers"]): Promise<readonly unknown[]> => {
      this.requests += 1;
      const found = this.answers[name];
      if (found instanceof Error) throw found;
      return await Promise.resolve(found);
    };
    const docker = {
      services: async (ids: readonly string[] = []) =>
        (await answer("services")).filter((one) => ids.length === 0 || ids.includes(String((one as Entry)["ID"]))),
      nodes: async () => await answer("nodes"),
      tasks: async (of: readonly string[] = []) =>
        (await answer("tasks")).filter((one) => of.length === 0 || of.includes(String((one as Entry)["ServiceID"]))),
      serviceEvents: async (signal: AbortSignal) => await Promise.resolve(this.#events(signal)),
    } as unknown as DockerReader;
    const log = (_level: string, event: string, fields: object = {}): void => {
      this.logged.push(`${event} ${JSON.stringify(fields)}`);
    };
    this.swarm = new Swarm({ docker, policy, disclosed: this.disclosed, log });
    void this.swarm.follow(this.#stop.signal);
  }

  event(id = SERVICE): void {
    this.#resolve({ service: id, isNode: false });
  }

  node(): void {
    this.#resolve({ service: undefined, isNode: true });
  }

  stop(): void {
    this.#stop.abort();
  }

  get names(): string[] {
    return [...this.disclosed.containers.values()].map(({ name, stopping }) => `${name}${stopping ? " stopping" : ""}`);
  }

  async discloses(title: string, condition: (all: Container[]) => boolean): Promise<Container[]> {
    return await eventually(title, () => {
      const all = [...this.disclosed.containers.values()];
      return condition(all) ? all : undefined;
    });
  }

  /** Waits until this number of further lists was answered. */
  async lists(count: number): Promise<void> {
    const until = this.requests + count;
    await eventually("further lists are answered", () => this.requests >= until);
  }

  async *#events(signal: AbortSignal): AsyncGenerator<ServiceEvent> {
    const ended = once(signal, "abort").then(() => {
      throw new DockerError("docker.ended");
    });
    for (;;) yield await Promise.race([ended, new Promise<ServiceEvent>((resolve) => (this.#resolve = resolve))]);
  }
}

describe("an agent with the socket of a swarm manager", { concurrency: true }, () => {
  const managers: Manager[] = [];
  // The agent's timers do not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  after(() => {
    for (const one of managers) one.stop();
    clearInterval(alive);
  });

  /** Starts a manager with these tasks, and waits until they are disclosed. */
  async function start(tasks: readonly unknown[], policy?: Policy): Promise<Manager> {
    const manager = new Manager(policy);
    managers.push(manager);
    manager.answers.tasks = tasks;
    await manager.swarm.ready;
    return manager;
  }

  test("discloses tasks with the labels of their service, and nothing that the policy withholds", async () => {
    const env = ["VIRTUAL_PORT=8080", "PASSWORD=canary-1"];
    const stack = { "com.docker.stack.namespace": "shop", "sallyport.host": "old.example", "app.key": "canary-2" };
    const one = task({ "Spec.ContainerSpec.Env": env, "Spec.ContainerSpec.Labels": stack });
    const { disclosed } = await start([one]);
    const [found] = [...disclosed.containers.values()];
    Container.parse(found);
    assert.doesNotMatch(JSON.stringify(found), /canary/);
    const { env: variables, labels, state, networks, task: of } = found!;
    assert.deepEqual(
      { variables, labels, state, networks, of },
      {
        variables: { VIRTUAL_PORT: "8080" },
        labels: { "sallyport.host": "a.example" },
        state: "running",
        networks: [{ name: "edge", ipv4: "10.61.0.48" }],
        of: {
          service: "web",
          stack: "shop",
          state: "running",
          node: "w1",
          nodeState: "ready",
          update: "completed",
          vips: [{ name: "edge", ipv4: "10.61.0.4" }],
        },
      },
    );
  });

  test("applies `only` of the policy to stacks and networks", async () => {
    const policy = { ...defaultPolicy(), only: { projects: ["shop"], networks: ["edge"], labels: [] } };
    const inStack = { "Spec.ContainerSpec.Labels": { "com.docker.stack.namespace": "shop" } };
    const wanted = task(inStack);
    const elsewhere = task({ ...inStack, NetworksAttachments: [] });
    const { names } = await start([task(), elsewhere, wanted], policy);
    assert.deepEqual(names, [`web.3.${String(wanted["ID"])}`]);
  });

  test("ignores jobs and plug-ins", async () => {
    const manager = new Manager();
    managers.push(manager);
    manager.answers.services = [service({ "Spec.Mode": { ReplicatedJob: {} } })];
    manager.answers.tasks = [task()];
    await manager.swarm.ready;
    await manager.lists(4);
    assert.deepEqual(manager.names, []);
  });

  test("discloses a task that is no longer wanted as stopping for a moment, and a service without a task", async () => {
    const [one, other] = [task(), task()];
    const manager = await start([one, other]);
    manager.answers.tasks = [other];
    manager.event();
    await manager.discloses("the task is stopping", () =>
      manager.names.includes(`web.3.${String(one["ID"])} stopping`),
    );
    await manager.discloses("the task is gone", (all) => all.length === 1);
    manager.answers.tasks = [];
    manager.event();
    const [found] = await manager.discloses(
      "the service has no task",
      (all) => all.length === 1 && all[0]?.name === "web",
    );
    assert.deepEqual(
      [found!.state, found!.labels, found!.task?.state],
      ["exited", { "sallyport.host": "a.example" }, undefined],
    );
    manager.answers.services = [];
    manager.event();
    await manager.discloses("the service is gone", (all) => all.length === 0);
  });

  test("discloses a task that is no longer wanted as stopping for as long as its manager is silent", async () => {
    const [one, other] = [task(), task()];
    const manager = await start([one, other]);
    manager.answers.tasks = [other];
    manager.event();
    await manager.discloses("the task is stopping", () => manager.names.some((name) => name.endsWith(" stopping")));
    manager.answers.tasks = new DockerError("docker.status", "500");
    await eventually("the tasks are outdated", () => manager.disclosed.swarm?.() === "stale", 30_000);
    assert.equal(manager.names.length, 2);
    manager.answers.tasks = [other];
    await manager.discloses("the task is gone", (all) => all.length === 1);
  });

  test("applies new labels of a service to its tasks", async () => {
    const manager = await start([task()]);
    manager.answers.services = [service({ "Spec.Labels": { "sallyport.host": "b.example" } })];
    manager.event();
    await manager.discloses("the label", ([one]) => one?.labels["sallyport.host"] === "b.example");
  });

  const noAbsence: [title: string, answers: Partial<Manager["answers"]>][] = [
    ["no leader", { tasks: new DockerError("docker.status", "500") }],
    ["a manager that does not respond", { services: new DockerError("docker.timeout") }],
    ["a manager that becomes a worker", { tasks: new DockerError("docker.status", "503") }],
    ["an empty list without an event", { tasks: [] }],
    ["a task with an unexpected format", { tasks: [{ ...task({ ID: "0".repeat(25) }), Status: 5 }] }],
    ["a service with an unexpected format", { services: [{ ID: SERVICE }] }],
  ];
  for (const [title, answers] of noAbsence)
    test(`keeps tasks: ${title}`, async () => {
      const manager = await start([task({ ID: "0".repeat(25) })]);
      assert.equal(manager.disclosed.swarm?.(), "current");
      Object.assign(manager.answers, answers);
      if (answers.services) manager.event();
      await manager.lists(2);
      assert.deepEqual(manager.names, [`web.3.${"0".repeat(25)}`]);
    });

  const NO_LEADER = /^swarm.disconnected .*the swarm has no leader; restore the majority of its managers/;
  const noManager: [title: string, services: Error | Promise<never>, logged: RegExp][] = [
    [
      "a worker's socket",
      new DockerError("docker.status", "503"),
      /^swarm.disconnected .*not a manager of a swarm; give the agent the socket of a manager/,
    ],
    ["a swarm without a leader", new DockerError("docker.status", "500"), NO_LEADER],
    ["a manager that does not respond", new Promise<never>(() => undefined), /^$/],
  ];
  for (const [title, services, logged] of noManager)
    test(`follows the containers of its host, and reports that tasks are not known: ${title}`, async () => {
      const manager = new Manager();
      managers.push(manager);
      Object.assign(manager.answers, { services });
      manager.swarm.local.set(container("a", { isTask: true }));
      await manager.swarm.ready;
      assert.match(manager.logged.join("\n"), logged);
      assert.deepEqual(manager.names, ["appa"]);
      assert.deepEqual([manager.disclosed.lacksTasks, manager.disclosed.swarm?.()], [true, "unknown"]);
      manager.disclosed.complete();
      Object.assign(manager.answers, { services: [service()], tasks: [task()] });
      if (services instanceof Promise) return;
      await eventually("its tasks are known once it is a manager", () => !manager.disclosed.lacksTasks, 20_000);
      assert.equal(manager.disclosed.changedSince(1), undefined, "a complete snapshot follows");
      assert.deepEqual(
        manager.names.map((name) => name.split(".")[0]),
        ["web"],
      );
    });

  test("reports tasks as outdated while their manager does not list them", async () => {
    const manager = await start([task()]);
    Object.assign(manager.answers, { services: new DockerError("docker.status", "503") });
    manager.answers.tasks = new DockerError("docker.status", "503");
    await eventually("the tasks are outdated", () => manager.disclosed.swarm?.() === "stale", 30_000);
    assert.equal(manager.names.length, 1);
  });

  test("keeps each of two tasks that report the same container, and a container of this host that a task names", async () => {
    const ID = "e".repeat(64);
    const reported = { "Status.ContainerStatus.ContainerID": ID };
    const [one, other] = [task(reported), task(reported)];
    const manager = await start([one, other, one]);
    const names = [one, other].map((entry) => `web.3.${String(entry["ID"])}`);
    assert.deepEqual(manager.names.toSorted(), names);
    manager.swarm.local.set(container("e"));
    assert.deepEqual(manager.names.toSorted(), ["appe", names[1]]);
    manager.answers.tasks = [one];
    manager.event();
    await manager.discloses("the other task is gone", (all) => all.length === 1);
    assert.deepEqual(manager.names, ["appe"]);
  });

  test("accepts any times and labels of services and tasks", async () => {
    const hostile = JSON.parse(
      `{"sallyport.host":"a.example\\u0000","sallyport.port":"${"x".repeat(100_000)}","__proto__":"x","é":"1"}`,
    ) as Entry;
    const manager = new Manager();
    managers.push(manager);
    manager.answers.services = [service({ "Spec.Labels": hostile, "Spec.Name": "../a\u0000" })];
    manager.answers.tasks = ["1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "yesterday"].map((CreatedAt) =>
      task({ CreatedAt }),
    );
    await manager.swarm.ready;
    const all = [...manager.disclosed.containers.values()];
    for (const one of all) Container.parse(one);
    assert.deepEqual(
      all.map(({ labels: found }) => Object.keys(found)),
      [[], [], []],
    );
  });

  test("lists again when a node is drained, goes down or returns, and not at other events of nodes", async () => {
    const update = (attributes: object) =>
      ServiceEvent.parse({ Type: "node", Actor: { ID: NODE, Attributes: { name: "w1", ...attributes } } }).isNode;
    const changes = [{}, { "availability.new": "drain" }, { "state.new": "down" }];
    assert.deepEqual(changes.map(update), [false, true, true]);
    const manager = await start([task()]);
    manager.answers.nodes = [{ ...RECORDED["node"], Status: { State: "down" } }];
    manager.node();
    await manager.discloses("the node is down", ([one]) => one?.task?.nodeState === "down");
  });

  test("discloses a container of this host and its task once, and takes state and health from the host", async () => {
    const id = "b".repeat(64);
    const manager = await start([task({ "Status.ContainerStatus.ContainerID": id })]);
    manager.swarm.local.set(container("b", { health: "unhealthy", env: {}, isTask: true }));
    manager.swarm.local.set(container("c", { isTask: true }));
    manager.swarm.local.set(container("d"));
    const all = [...manager.disclosed.containers.values()];
    assert.deepEqual(
      all.map(({ id: one, health, labels }) => [one[0], health, labels["sallyport.host"]]),
      [
        ["b", "unhealthy", "a.example"],
        ["d", "none", undefined],
      ],
    );
  });

  test("discloses nothing that a renderer refuses, whatever a service contains", async () => {
    const ports = [0, -1, 1.5, 65_536, 1e300, 8080].map((TargetPort) => ({ TargetPort, Protocol: "tcp" }));
    for (const changes of [
      { "Endpoint.Ports": ports },
      { "Spec.Name": "x".repeat(250) },
      { "Spec.Name": "x\ny" },
      { CreatedAt: "never" },
      { "Endpoint.VirtualIPs": [{ NetworkID: "n", Addr: "10.0.0.1/24" }] },
      { "Spec.Labels": { __proto__: "x", constructor: "y", "a b": "z", "sallyport.host": "\u202e" } },
    ]) {
      const manager = await start([]);
      manager.answers.services = [service(changes)];
      const NetworksAttachments = [{ Network: { ID: "n", Spec: { Name: "x\u0000" } }, Addresses: ["10.0.0.2/24"] }];
      const odd = { NodeID: "x\n", "Spec.ContainerSpec.Image": "\u0000", Slot: 1.5, NetworksAttachments };
      manager.answers.tasks = [task(odd)];
      manager.event();
      for (const one of await manager.discloses("the task is disclosed", (all) => all[0]?.task?.state === "running"))
        assert.deepEqual(Container.safeParse(one).error?.issues, undefined, JSON.stringify(changes));
    }
  });

  test("logs a service once that is too large to be read, and routes the others", async () => {
    const manager = new Manager();
    managers.push(manager);
    manager.answers.services = [service(), { ID: newId() }];
    manager.answers.tasks = [task()];
    await manager.swarm.ready;
    manager.event();
    await manager.lists(4);
    assert.equal(manager.names.length, 1);
    assert.equal(manager.logged.filter((line) => line.includes("container.skipped")).length, 1);
  });

  test("a task does not replace a container of this host that runs no task", async () => {
    const own = container("e", { name: "own" });
    const imitating = task({ "Status.ContainerStatus.ContainerID": own.id });
    const manager = await start([imitating]);
    manager.swarm.local.set(own);
    assert.deepEqual(manager.names, ["own"]);
    manager.swarm.local.remove(own.id);
    assert.match(String(manager.names), new RegExp(String(imitating["ID"])));
  });

  test("sends at most one request a second while nothing changes", async () => {
    const manager = await start([task(), task()]);
    await sleep(1_000);
    const before = manager.requests;
    await sleep(6_000);
    assert.ok(manager.requests - before <= 6, `${manager.requests - before} requests in 6 s`);
  });

  test("sends few requests for many events, such as those that a restarted manager repeats", async () => {
    const manager = await start([task()]);
    const before = manager.requests;
    for (let count = 0; count < 250; count++) {
      manager.event();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await manager.lists(3);
    assert.ok(manager.requests - before < 100, `${manager.requests - before} requests`);
  });
});
