import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

/** Containers that come and go, the hosts they stand behind, and how much is done to them. */
const MOVING = 24;
const MOVING_HOSTS = 8;
const OPERATIONS = 200;
/** Operations under way at once. */
const AT_ONCE = 4;

/** Containers that nothing is done to, one for each host. */
const STILL = 6;

describe("thirty containers, two hundred operations", { skip: requires("docker") }, () => {
  const seed = Number(process.env["SALLYPORT_SEED"] ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  let stack: Stack;

  before(async () => {
    stack = await Stack.up("spe2e-churn", { demo: false });
    for (let number = 0; number < STILL; number += 1) await start(`still${number}`, `still${number}.example`);
    for (let number = 0; number < MOVING; number += 1) await start(`moving${number}`, hostOf(number));
    for (let number = 0; number < STILL; number += 1) await stack.routed(`still${number}.example`, `still${number}`);
    await eventually("the configuration is confirmed", async () =>
      (await stack.logs("renderer")).includes("publish.succeeded"),
    );
  });
  after(async () => await stack.down());

  const hostOf = (number: number): string => `moving${number % MOVING_HOSTS}.example`;
  const start = async (name: string, host: string): Promise<string> =>
    await stack.runApp(name, ["-e", `VIRTUAL_HOST=${host}`, "--expose", "5000"]);

  /** Does something to a container of this number; what is pointless for it now does nothing. */
  async function operate(number: number): Promise<void> {
    const name = `moving${number}`;
    const whole = `${stack.project}-${name}`;
    const actions = [
      async () => await docker("stop", "--time", "2", whole),
      async () => await docker("kill", whole),
      async () => await docker("restart", "--time", "2", whole),
      async () => await docker("start", whole),
      async () => await docker("start", whole),
      async () => {
        await docker("rm", "--force", whole);
        await start(name, hostOf(number));
      },
    ];
    await actions[Math.floor(random() * actions.length)]!().catch(ofStopped);
  }

  test(`fail no request to other hosts and leave no stale upstream (SALLYPORT_SEED=${seed})`, async () => {
    const untouched = Array.from({ length: STILL }, (_, number) => `still${number}.example`);
    const traffic = new Traffic(await stack.address(), untouched);
    // A container is in one pair of hands at a time: each has its own.
    const hands = Array.from({ length: AT_ONCE }, async (_, hand) => {
      for (let done = 0; done < OPERATIONS / AT_ONCE; done += 1) {
        await operate(hand + AT_ONCE * Math.floor(random() * (MOVING / AT_ONCE)));
      }
    });
    await Promise.all(hands);
    const failures = await traffic.end();
    assert.deepEqual(failures, []);
    assert.ok(traffic.requests > OPERATIONS);
    await eventually("nginx's servers are the containers that run", async () => {
      assert.deepEqual(await published(), await running());
      return true;
    });
  });

  /** Addresses behind all hosts, as nginx's file has them. */
  async function published(): Promise<string[]> {
    const text = await docker("exec", stack.container("nginx"), "cat", "/etc/nginx/conf.d/default.conf");
    return [...text.matchAll(/^ {4}server ([0-9.]+):5000 /gm)].map((match) => match[1]!).toSorted(byText);
  }

  async function running(): Promise<string[]> {
    const ids = await docker("ps", "-q", "--filter", `label=sallyport.test=${stack.project}`);
    const format = `{{(index .NetworkSettings.Networks "${stack.project}_default").IPAddress}}`;
    return (await docker("inspect", "-f", format, ...ids.split("\n"))).split("\n").toSorted(byText);
  }
});

/** `docker kill` of a container that does not run. */
function ofStopped(error: Error): void {
  if (!error.message.includes("is not running")) throw error;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
