import assert from "node:assert/strict";
import * as net from "node:net";
import type { AgentProcess } from "../agent/agent-process.ts";
import type { RpcClient } from "../agent/rpc-client.ts";
import { encodeFrame } from "../../shared/frame.ts";
import { eventually } from "../eventually.ts";
import { sendToConnection } from "./in-memory-connection.ts";
import { HELLO, INSTANCE, mutated, seeded } from "./mutate.ts";

/** The requests that the agent may send to Docker. */
const PERMITTED = [
  /^\/version$/,
  /^\/v1\.[0-9]{2}\/containers\/json\?all=true$/,
  /^\/v1\.[0-9]{2}\/containers\/[0-9a-f]{64}\/json$/,
  /^\/v1\.[0-9]{2}\/images\/[0-9a-f]{64}\/json$/,
  /^\/v1\.[0-9]{2}\/events\?filters=[^&#]*$/,
];

/** Orders of method calls that the protocol permits. */
const IN_ORDER = /^(?:hello(?: health)*(?: subscribe(?: health)*)?)?$/;

const HELLO_FRAME = encodeFrame(HELLO, 4_096);

/** Sends mutated streams through Connection objects. Throws at the first that is served out of order or fails internally. */
export async function fuzzConnections(count: number, seed: number): Promise<{ refused: number; served: number }> {
  const random = seeded(seed);
  let refused = 0;
  let served = 0;
  for (let number = 0; number < count; number++) {
    const bytes = mutated(random);
    const { called, ended } = await sendToConnection(bytes);
    assert.match(called.join(" "), IN_ORDER, `stream ${number} of seed ${seed}`);
    assert.notEqual(ended, "rpc.internal", `stream ${number} of seed ${seed}`);
    if (ended !== undefined) refused += 1;
    served += called.length;
  }
  return { refused, served };
}

/** Sends mutated streams through the agent's socket and checks regularly that another client is still served. */
export async function fuzzSocket(agent: AgentProcess, good: RpcClient, count: number, seed: number): Promise<void> {
  const random = seeded(seed);
  for (let number = 0; number < count; number++) {
    await sendToSocket(agent.socket, mutated(random));
    if (number % 20 === 0) await isServed(agent, good, `round${number}`);
  }
  await isServed(agent, good, "last");
  assert.equal(agent.hasEnded, false);
  const forbidden = agent.engine.api.requests.filter(
    ({ method, target }) => method !== "GET" || !PERMITTED.some((form) => form.test(target)),
  );
  assert.deepEqual(forbidden, []);
  const sent = agent.engine.api.requests.map(({ target }) => target);
  for (const form of PERMITTED)
    assert.ok(
      sent.some((target) => form.test(target)),
      `${form} is never requested`,
    );
}

/** Connects until the rate limit permits it, then sends the bytes after a hello. */
async function sendToSocket(path: string, bytes: Buffer): Promise<void> {
  await eventually("the agent accepts a connection", async () => await sendAfterHello(path, bytes));
}

async function sendAfterHello(path: string, bytes: Buffer): Promise<boolean> {
  let isAccepted = false;
  const socket = net.connect(path, () => socket.write(HELLO_FRAME));
  socket.on("error", () => socket.destroy());
  socket.on("data", (response: Buffer) => {
    if (!isAccepted) socket.end(withInstance(bytes, response.toString("latin1")));
    isAccepted = true;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return isAccepted;
}

/** Replaces the placeholder instance by the one in the response; the length stays the same. */
function withInstance(bytes: Buffer, response: string): Buffer {
  const instance = /"instance":"([0-9a-f-]{36})"/.exec(response)?.[1] ?? INSTANCE;
  return Buffer.from(bytes.toString("latin1").replaceAll(INSTANCE, instance), "latin1");
}

/** Checks that the client still receives changes, with the marks of what the image sets, and responses. */
async function isServed(agent: AgentProcess, good: RpcClient, name: string): Promise<void> {
  agent.engine.image(name, { env: ["VIRTUAL_HOST=image.example", "VIRTUAL_PORT=80"] });
  await agent.engine.run({ name, image: name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000] });
  await eventually(`${name} is disclosed`, () => {
    const fromImage = good.named(name)?.fromImage;
    return fromImage?.read === true && fromImage.env.join() === "VIRTUAL_PORT";
  });
  await agent.engine.remove(name);
  // Also resets the idle timeout of one minute.
  await good.call("health", {});
  assert.equal(good.isClosed, false);
}
