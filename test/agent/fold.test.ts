import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fold, type Known, type Step } from "../../agent/fold.ts";
import { EVENT_FILTERS } from "../../agent/gate.ts";
import { EngineEvent } from "../../agent/engine-response.ts";
import { Inspected } from "../../agent/observed.ts";
import type { Container } from "../../shared/snapshot.ts";

const ID = "ab".repeat(32);
const SIGQUIT = 3;

const running: Container = {
  id: ID,
  name: "web",
  state: "running",
  health: "healthy",
  stopping: false,
  stale: false,
  unread: false,
  createdAt: 1,
  networks: [
    { name: "back", ipv4: "10.0.0.2" },
    { name: "front", ipv4: "10.0.1.2" },
  ],
  ports: [{ port: 80, proto: "tcp" }],
  env: { VIRTUAL_HOST: "web.example" },
  labels: {},
  fromImage: { read: true, env: [], labels: [] },
  withheld: { env: 1, labels: 0 },
  refused: [],
};

/** What the agent knows of the container when the event arrives. */
const states = {
  unknown: undefined,
  hidden: known(undefined),
  created: known({ ...running, state: "created", health: "none", networks: [{ name: "back" }] }),
  running: known(running),
  paused: known({ ...running, state: "paused" }),
  stopping: known({ ...running, stopping: true }),
  exited: known({ ...running, state: "exited", health: "none", networks: [{ name: "back" }, { name: "front" }] }),
} as const satisfies Record<string, Known | undefined>;
type State = keyof typeof states;

const ALL = Object.keys(states) as State[];
const DISCLOSED = ALL.filter((state) => states[state]?.container);

const withoutAddresses = [{ name: "back" }, { name: "front" }];
const stopped = { state: "exited", health: "none", stopping: false, networks: withoutAddresses } as const;
const withoutFront = { networks: [{ name: "back", ipv4: "10.0.0.2" }] };

/** An event as Docker or Podman sends it, states of the container, and the decision; an object is a change of its state. */
type Row = readonly [
  event: string,
  attributes: Attributes,
  states: readonly State[],
  decision: string | Partial<Container>,
];
type Attributes = Readonly<Record<string, string>>;

const rows: readonly Row[] = [
  ["start", {}, ALL, "inspect"],

  ["destroy", {}, ALL, "gone"],
  ["remove", {}, ALL, "gone"],

  ["die", {}, ["running", "paused", "stopping", "exited"], stopped],
  ["died", {}, ["running", "paused", "stopping", "exited"], stopped],
  ["die", {}, ["created"], { ...stopped, networks: [{ name: "back" }] }],
  ["died", {}, ["created"], { ...stopped, networks: [{ name: "back" }] }],
  ["die", {}, ["unknown"], "inspect"],
  ["died", {}, ["unknown"], "inspect"],
  ["die", {}, ["hidden"], "nothing"],
  ["died", {}, ["hidden"], "nothing"],

  ["pause", {}, DISCLOSED, { state: "paused" }],
  ["pause", {}, ["unknown"], "inspect"],
  ["pause", {}, ["hidden"], "nothing"],
  ["unpause", {}, DISCLOSED, { state: "running" }],
  ["unpause", {}, ["unknown"], "inspect"],
  ["unpause", {}, ["hidden"], "nothing"],

  ["kill", { signal: "3" }, ["running", "stopping"], { stopping: true }],
  ["kill", { signal: "3" }, ["created", "paused", "exited", "hidden"], "nothing"],
  ["kill", { signal: "3" }, ["unknown"], "inspect"],
  ["kill", { signal: "1" }, ["running", "hidden"], "nothing"],
  ["kill", { signal: "15" }, ["running", "hidden"], "nothing"],
  ["kill", {}, ["running", "hidden"], "nothing"],

  ["rename", { name: "other" }, DISCLOSED, { name: "other" }],
  ["rename", { name: "/other" }, ["running"], { name: "other" }],
  ["rename", { name: "bad\u202e" }, ["running"], { name: ID.slice(0, 12) }],
  ["rename", {}, DISCLOSED, "inspect"],
  ["rename", { name: "other" }, ["unknown"], "inspect"],
  ["rename", { name: "other" }, ["hidden"], "nothing"],

  ["health_status: healthy", {}, DISCLOSED, { health: "healthy" }],
  ["health_status: unhealthy", {}, DISCLOSED, { health: "unhealthy" }],
  ["health_status: starting", {}, ["running"], { health: "starting" }],
  ["health_status", {}, DISCLOSED, "inspect"],
  ["health_status: unheard-of", {}, DISCLOSED, "inspect"],
  ["health_status: unhealthy", {}, ["unknown"], "inspect"],
  ["health_status: unhealthy", {}, ["hidden"], "nothing"],

  ["connect", { name: "front" }, ["running", "paused", "hidden"], "inspect"],
  ["connect", { name: "front" }, ["created", "exited", "stopping", "unknown"], "nothing"],
  ["disconnect", { name: "front" }, ["running", "paused"], withoutFront],
  ["disconnect", { network: "front" }, ["running", "paused"], withoutFront],
  ["disconnect", { network: "front", name: "back" }, ["running"], withoutFront],
  ["disconnect", {}, ["running", "paused", "hidden"], "inspect"],
  ["disconnect", { name: "front" }, ["hidden"], "inspect"],
  ["disconnect", { name: "front" }, ["created", "exited", "stopping", "unknown"], "nothing"],

  ["exec_start", {}, ["unknown"], "inspect"],
  ["exec_start", {}, ALL.filter((state) => state !== "unknown"), "nothing"],
];

describe("fold", () => {
  for (const [event, attributes, names, decision] of rows) {
    for (const name of names) {
      const title = typeof decision === "string" ? decision : JSON.stringify(decision);
      test(`${event} ${JSON.stringify(attributes)} of a container that is ${name}: ${title}`, () => {
        const before = structuredClone(states[name]);
        const container = states[name]?.container;
        const expected = typeof decision === "string" ? decision : { ...container, ...decision };
        assert.deepEqual(fold(states[name], parse(event, attributes)), expected as Step);
        assert.deepEqual(states[name], before, "the known state is not modified");
      });
    }
  }

  test("the table has a row for each event of the filter and each state", () => {
    for (const action of EVENT_FILTERS.event) {
      const covered = rows.filter(([event]) => event.split(":")[0] === action).flatMap(([, , names]) => names);
      assert.deepEqual([...new Set(covered)].toSorted(), ALL.toSorted(), action);
    }
  });
});

test("a container that Docker restarts is restarting after its end, unless it was stopped", () => {
  const stateAfter = (one: Known): unknown => fold({ ...one, restarts: true }, parse("die", {}));
  assert.deepEqual(stateAfter(states.running), { ...running, ...stopped, state: "restarting" });
  assert.deepEqual(stateAfter(states.stopping), { ...running, ...stopped });
});

function known(container: Container | undefined): Known {
  return { container, stopSignal: SIGQUIT, stopMs: 10_000, restarts: false, imageId: "" };
}

/** Parses the event as the agent parses a line of the event stream. */
function parse(event: string, attributes: Attributes): EngineEvent {
  const isNetwork = event === "connect" || event === "disconnect";
  const actor = isNetwork
    ? { ID: "network", Attributes: { ...attributes, container: ID } }
    : { ID, Attributes: attributes };
  return EngineEvent.parse({ Type: isNetwork ? "network" : "container", Action: event, Actor: actor });
}

test("a port named like a property of JavaScript objects does not affect its container", () => {
  const observed = Inspected.parse({
    Id: "a".repeat(64),
    Name: "/app",
    Created: "2026-01-01T00:00:00Z",
    State: { Status: "running" },
    Config: { ExposedPorts: { constructor: {}, "80/tcp": {} } },
    NetworkSettings: { Ports: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] } },
  });
  assert.deepEqual(observed.ports, [{ port: 80, proto: "tcp", published: [{ ip: "127.0.0.1", port: 8080 }] }]);
});
