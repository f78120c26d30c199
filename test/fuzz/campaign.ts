import assert from "node:assert/strict";
import * as net from "node:net";
import type { AgentProcess } from "../agent/agent-process.ts";
import type { RpcClient } from "../agent/rpc-client.ts";
import { encodeFrame } from "../../shared/frame.ts";
import { eventually } from "../eventually.ts";
import { knock } from "./door.ts";
import { HELLO, INSTANCE, mutated, seeded } from "./mutate.ts";

/** The requests that the agent may make of Docker: five forms, with the version that was agreed on. */
const PERMITTED = [
  /^\/_ping$/,
  /^\/version$/,
  /^\/v1\.[0-9]{2}\/containers\/json\?all=true$/,
  /^\/v1\.[0-9]{2}\/containers\/[0-9a-f]{64}\/json$/,
  /^\/v1\.[0-9]{2}\/events\?filters=[^&#]*$/,
];

/** Methods of the contract, in the one order that their states permit. */
const IN_ORDER = /^(?:hello(?: health)*(?: subscribe(?: health)*)?)?$/;

const GREETING = encodeFrame(HELLO, 4_096);

/** So many mutated streams through the agent's connections, without a socket. Throws at the first that does harm. */
export async function throughTheDoor(count: number, seed: number): Promise<{ refused: number; served: number }> {
  const random = seeded(seed);
  let refused = 0;
  let served = 0;
  for (let number = 0; number < count; number++) {
    const bytes = mutated(random);
    const { called, ended } = await knock(bytes);
    assert.match(called.join(" "), IN_ORDER, `stream ${number} of seed ${seed}`);
    assert.notEqual(ended, "rpc.internal", `stream ${number} of seed ${seed}`);
    if (ended !== undefined) refused += 1;
    served += called.length;
  }
  return { refused, served };
}

/** Mutated streams at the real socket, as many at once as the agent lets in; a good client must not notice. */
export async function atTheSocket(agent: AgentProcess, good: RpcClient, count: number, seed: number): Promise<void> {
  const random = seeded(seed);
  for (let number = 0; number < count; number++) {
    await knockAtSocket(agent.socket, mutated(random));
    if (number % 20 === 0) await noticesNothing(agent, good, `round${number}`);
  }
  await noticesNothing(agent, good, "last");
  assert.equal(agent.hasEnded, false);
  const strange = agent.engine.api.requests.filter(
    ({ method, target }) => method !== "GET" || !PERMITTED.some((form) => form.test(target)),
  );
  assert.deepEqual(strange, []);
}

/** The agent lets in ten connections a second: it is asked until it says hello, and then told what is in `bytes`. */
async function knockAtSocket(path: string, bytes: Buffer): Promise<void> {
  await eventually("the agent lets somebody in", async () => await sayAfterHello(path, bytes));
}

async function sayAfterHello(path: string, bytes: Buffer): Promise<boolean> {
  let isIn = false;
  const socket = net.connect(path, () => socket.write(GREETING));
  socket.on("error", () => socket.destroy());
  socket.on("data", (answer: Buffer) => {
    if (!isIn) socket.end(toInstance(bytes, answer.toString("latin1")));
    isIn = true;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return isIn;
}

/** The same bytes, of as many as before, with the instance that the answer tells. */
function toInstance(bytes: Buffer, answer: string): Buffer {
  const instance = /"instance":"([0-9a-f-]{36})"/.exec(answer)?.[1] ?? INSTANCE;
  return Buffer.from(bytes.toString("latin1").replaceAll(INSTANCE, instance), "latin1");
}

async function noticesNothing(agent: AgentProcess, good: RpcClient, name: string): Promise<void> {
  await agent.engine.run({ name, expose: [5000] });
  await eventually(`${name} is told`, () => good.named(name) !== undefined);
  await agent.engine.remove(name);
  // A renderer asks for the health now and then; one that is silent for a minute is closed.
  await good.ask("health", {});
  assert.equal(good.isClosed, false);
}
