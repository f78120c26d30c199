import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyOf, type InventoryChange, type InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { TaskReplicas } from "../../../renderer/inventory/task-replicas.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";

const [MANAGER, WORKER, SECOND] = ["/manager.sock", "/worker.sock", "/second.sock"];
const NETWORKS = [{ name: "edge", ipv4: "10.0.0.1" }];

/** What a manager's agent reports of a task. */
function task(changes: Partial<Container> = {}, agent = MANAGER): InventoryContainer {
  const of = { service: "web", state: "running", node: "w1", nodeState: "ready" } as const;
  const one = container("a", { labels: { "sallyport.host": "a.example" }, env: {}, networks: NETWORKS, task: of });
  return { agent, dockerHost: "m1", container: { ...one, ...changes } };
}

/** What the agent of the task's node reports of its container. */
function local(changes: Partial<Container> = {}, digit = "a"): InventoryContainer {
  return { agent: WORKER, dockerHost: "w1", container: { ...container(digit, { isTask: true }), ...changes } };
}

type Step =
  | { readonly set: InventoryContainer }
  | { readonly gone: InventoryContainer }
  | { readonly absent: string[] };

/** Applies the steps, and returns what is passed on in the end, which the changes must agree with. */
function after(...steps: readonly Step[]): string[] {
  const replicas = new TaskReplicas([MANAGER, WORKER, SECOND]);
  const known = new Map<string, InventoryContainer>();
  for (const step of steps) {
    const change: InventoryChange =
      "absent" in step
        ? replicas.setAbsent(new Set(step.absent))
        : replicas.apply({ upserted: "set" in step ? [step.set] : [], gone: "gone" in step ? [step.gone] : [] });
    for (const one of change.gone) known.delete(keyOf(one));
    for (const one of change.upserted) known.set(keyOf(one), one);
    assert.deepEqual([...known.values()], replicas.known);
  }
  return [...known.values()].map(({ agent, container: { state, health, stopping, stoppingUntil } }) =>
    [
      agent.slice(1, -5),
      state,
      ...(health === "none" ? [] : [health]),
      ...(stopping ? ["stopping"] : []),
      ...(stoppingUntil === undefined ? [] : ["at once"]),
    ].join(" "),
  );
}

const RUNNING = ["manager running"];
const both = [{ set: local() }, { set: task() }];

const rows: [title: string, steps: readonly Step[], shown: string[]][] = [
  ["only the container, without a manager's agent", [{ set: local() }], ["worker running"]],
  ["task and container, in this order", [{ set: task() }, { set: local() }], RUNNING],
  ["container and task, in this order", both, RUNNING],
  [
    "a container that its node stops",
    [...both, { set: local({ stopping: true, stoppingUntil: 9 }) }],
    ["manager running stopping at once"],
  ],
  ["a task that the swarm no longer wants", [...both, { set: task({ stopping: true }) }], ["manager running stopping"]],
  ["a container that is unhealthy", [...both, { set: local({ health: "unhealthy" }) }], ["manager running unhealthy"]],
  [
    "a container that ended before the manager knows",
    [...both, { set: local({ state: "exited" }) }],
    ["manager exited"],
  ],
  [
    "a container that ended and was removed before the manager knows",
    [...both, { set: local({ state: "exited" }) }, { gone: local({ state: "exited" }) }],
    ["manager exited"],
  ],
  ["a task that is gone before its container", [...both, { gone: task() }], []],
  ["a task and then its container that are gone", [...both, { gone: task() }, { gone: local() }], []],
  ["a container that the node's agent no longer discloses", [...both, { gone: local() }], RUNNING],
  ["a node whose agent is absent", [...both, { set: local({ health: "unhealthy" }) }, { absent: [WORKER] }], RUNNING],
  [
    "a node whose agent is back",
    [...both, { set: local({ health: "unhealthy" }) }, { absent: [WORKER] }, { absent: [] }],
    ["manager running unhealthy"],
  ],
  [
    "an ended container of an absent agent",
    [...both, { set: local({ state: "exited" }) }, { absent: [WORKER] }],
    ["manager exited"],
  ],
  ["the container of a task that the manager does not report", [...both, { set: local({}, "b") }], RUNNING],
  [
    "another container of the node",
    [...both, { set: local({ isTask: undefined }, "b") }],
    [...RUNNING, "worker running"],
  ],
  [
    "a container that another node reports as that of its task",
    [{ set: local({ isTask: undefined }) }, { set: task() }],
    ["worker running"],
  ],
  ["the same task from two managers", [{ set: task({}, SECOND) }, { set: task() }], RUNNING],
  [
    "a task without a container, then with one",
    [
      { set: task({ id: "e".repeat(64), state: "created" }) },
      { set: local() },
      { gone: task({ id: "e".repeat(64), state: "created" }) },
      { set: task() },
    ],
    RUNNING,
  ],
];

describe("a Swarm task that the agents of a manager and of its node report", () => {
  for (const [title, steps, shown] of rows)
    test(`is one replica: ${title}`, () => assert.deepEqual(after(...steps), shown));

  test("is requested by the labels of its service, at its address in the overlay network", () => {
    const replicas = new TaskReplicas([MANAGER, WORKER]);
    for (const step of both) replicas.apply({ upserted: [step.set], gone: [] });
    const [{ dockerHost, container: one }] = replicas.known as [InventoryContainer];
    assert.deepEqual(
      [dockerHost, one.env, one.labels, one.networks],
      ["m1", {}, { "sallyport.host": "a.example" }, NETWORKS],
    );
  });
});
