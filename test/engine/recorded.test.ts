import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { InspectedImage } from "../../agent/engine-response.ts";
import { Inspected, ListEntry } from "../../agent/observed.ts";
import { collect, engineWithClient } from "./client.ts";
import { IMAGE, recordReal } from "./real-recording.ts";
import { embedded } from "./recordable.ts";
import { type Moment, record, recordedNetworks, type Recording } from "./recording.ts";
import { shapeOf, surplus } from "./shape.ts";
import { requires } from "../requires.ts";

/** Recordings of real engines, created by record.ts. */
const recordings = ["20.10.24", "26.1.5"];

for (const version of recordings) {
  test(`the embedded engine matches the recording of Docker Engine ${version}`, async (t) => {
    const file = new URL(`recorded/${version}.json`, import.meta.url);
    await agrees(t, JSON.parse(readFileSync(file, "utf8")) as Recording);
  });
}

test("the embedded engine matches what was observed of Docker Engine 29.7.2", async (t) => {
  const file = new URL("recorded/26.1.5.json", import.meta.url);
  await agrees(t, asEngine29(JSON.parse(readFileSync(file, "utf8")) as Recording));
});

test("the agent reads an image of Engine 29's image store, whose id is that of an index with a record of the build", () => {
  const file = new URL("recorded/26.1.5.json", import.meta.url);
  const { image } = JSON.parse(readFileSync(file, "utf8")) as { image: Body };
  const digest = `sha256:${"5".repeat(64)}`;
  const Descriptor = { mediaType: "application/vnd.oci.image.index.v1+json", digest, size: 856 };
  // Engine 29 omits empty fields.
  const isFilled = (value: unknown): boolean => value !== "" && value !== null && value !== false;
  const filled = (body: Body): Body => Object.fromEntries(Object.entries(body).filter(([, value]) => isFilled(value)));
  const Config = filled(image["Config"] as Body);
  const stored = { ...filled(image), Id: digest, Descriptor, GraphDriver: null, Config };
  const { Env } = image["Config"] as { Env: string[] };
  const Pairs = Env.map((variable) => /^([^=]*)=(.*)$/s.exec(variable)!.slice(1));
  assert.deepEqual(InspectedImage.parse(stored), { Id: "5".repeat(64), Config: { Env: Pairs, Labels: {} } });
  assert.deepEqual(InspectedImage.parse({ Id: digest, Descriptor }), { Id: "5".repeat(64) });
});

/** Fields of a recording of Engine 26 that Engine 29.7.2 does not have. */
const REMOVED = {
  event: ["status", "id", "from"],
  config: ["OnBuild"],
  networkSettings: (
    "Bridge EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen HairpinMode IPAddress IPPrefixLen IPv6Gateway " +
    "LinkLocalIPv6Address LinkLocalIPv6PrefixLen MacAddress SecondaryIPAddresses SecondaryIPv6Addresses"
  ).split(" "),
};

type Body = Readonly<Record<string, unknown>>;

/** Changes a recording of Engine 26 by what differs in Engine 29.7.2 with API 1.55. */
function asEngine29({ version, inspected, events, order, ...recording }: Recording): Recording {
  const without = (body: unknown, names: readonly string[]): Body =>
    Object.fromEntries(Object.entries(body as Body).filter(([name]) => !names.includes(name)));
  const changed = Object.entries(inspected as Readonly<Record<string, Body>>).map(([moment, body]) => {
    const HostConfig = { ...(body["HostConfig"] as Body), PortBindings: {} };
    const Config = without(body["Config"], REMOVED.config);
    const NetworkSettings = without(body["NetworkSettings"], REMOVED.networkSettings);
    return [moment, { ...body, HostConfig, Config, NetworkSettings }];
  });
  return {
    ...recording,
    version: { ...(version as Body), ApiVersion: "1.55", MinAPIVersion: "1.40" },
    inspected: Object.fromEntries(changed) as Recording["inspected"],
    events: events.map((event) => without(event, REMOVED.event)) as unknown as Recording["events"],
    // Leaving a network is reported once.
    order: order.filter((word, i) => !(word === "network disconnect" && order[i - 1] === word)),
  };
}

const skip = requires("docker", `image:${IMAGE}`);

test("the embedded engine matches the available real engine", { skip }, async (t) => {
  const socketPath = (process.env["DOCKER_HOST"] || "unix:///var/run/docker.sock").replace(/^unix:\/\//, "");
  await agrees(t, await recordReal(socketPath));
});

/** Records the embedded engine with the same API version. */
async function agrees(t: TestContext, real: Recording): Promise<void> {
  const { ApiVersion: apiVersion } = real.version as { ApiVersion: string };
  const { engine, docker } = await engineWithClient(t, { apiVersion });
  const { received, stop } = await collect(docker, { type: ["container", "network"] });
  t.after(stop);
  for (const name of recordedNetworks) engine.network(name);
  const fake = await record(embedded(engine, docker), received);

  assert.deepEqual(commandsIn(fake.order), commandsIn(real.order));
  assert.deepEqual(effectsIn(fake.order), effectsIn(real.order));
  assert.deepEqual(healthIn(fake.order), healthIn(real.order));
  for (const [i, event] of fake.events.entries()) assert.deepEqual(surplus(event, real.events[i]), [], event.Action);
  assert.deepEqual(surplus(fake.version, real.version), []);
  assert.deepEqual(surplus(fake.network, real.network), []);
  assert.deepEqual(surplus(fake.image, real.image), []);
  assert.deepEqual(shapeOf(InspectedImage.parse(fake.image)), shapeOf(InspectedImage.parse(real.image)));
  for (const moment of Object.keys(real.listed) as Moment[]) compareAt(moment, fake, real);
}

/** Events that follow from a command without a defined order: an engine may report a container's end before its stop. */
const EFFECT = /^network |^container (die|stop)$/;
const HEALTH = /^container health_status/;

/** The events of commands, in the order of the commands. */
function commandsIn(order: readonly string[]): readonly string[] {
  return order.filter((word) => !EFFECT.test(word) && !HEALTH.test(word));
}

function effectsIn(order: readonly string[]): readonly string[] {
  return order.filter((word) => EFFECT.test(word)).toSorted();
}

/** How often a health check succeeds depends on the machine's speed. */
function healthIn(order: readonly string[]): readonly string[] {
  return [...new Set(order.filter((word) => HEALTH.test(word)))];
}

/** The embedded engine adds no field, and the agent parses both alike. */
function compareAt(moment: Moment, fake: Recording, real: Recording): void {
  assert.deepEqual(surplus(fake.listed[moment], real.listed[moment]), [], `list when ${moment}`);
  assert.deepEqual(surplus(fake.inspected[moment], real.inspected[moment]), [], `inspect when ${moment}`);
  const [listed, realListed] = [ListEntry.parse(fake.listed[moment]), ListEntry.parse(real.listed[moment])];
  assert.deepEqual(shapeOf(listed), shapeOf(realListed), `read from the list when ${moment}`);
  assert.deepEqual(
    [listed.state, listed.health, listed.ports],
    [realListed.state, realListed.health, realListed.ports],
  );
  assert.equal(statusOf(fake.listed[moment]), statusOf(real.listed[moment]));
  const [read, realRead] = [Inspected.parse(fake.inspected[moment]), Inspected.parse(real.inspected[moment])];
  const shape = ({ env, ...others }: typeof read) => shapeOf({ ...others, env: Object.values(env) });
  assert.deepEqual(shape(read), shape(realRead), `read from inspect when ${moment}`);
  assert.deepEqual([read.state, read.health, read.ports], [realRead.state, realRead.health, realRead.ports]);
}

/** Returns the status of a list entry without the duration: `Up (Paused)` for `Up 3 seconds (Paused)`. */
function statusOf(entry: unknown): string {
  const { Status } = entry as { Status?: string };
  return (Status ?? "").replace(/(Up|\)) (?:Less than a|[0-9]+) seconds?/, "$1");
}
