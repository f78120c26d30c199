import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { SEED } from "../property.ts";
import { requires } from "../requires.ts";

/** Containers that start and stop, and the virtual hosts they belong to. */
const MOVING = 24;
const MOVING_HOSTS = 8;

/** Operations on these containers, and how many of them run at the same time. */
const OPERATIONS = 200;
const CONCURRENCY = 4;

/** Containers that run all the time, each with its own virtual host. */
const STEADY = 6;

describe("30 containers and 200 operations on them", { skip: requires("docker") }, () => {
  const random = randomFrom(SEED);
  let stack: Stack;

  before(async () => {
    stack = await Stack.up("spe2e-churn", { demo: false });
    const steady = Array.from({ length: STEADY }, (_, number) => `steady${number}`);
    await Promise.all(steady.map(async (name) => await start(name, `${name}.example`)));
    await concurrently(async (worker) => {
      for (let number = worker; number < MOVING; number += CONCURRENCY) await start(`moving${number}`, hostOf(number));
    });
    await Promise.all(steady.map(async (name) => await stack.routed(`${name}.example`, name)));
    await eventually("the configuration is confirmed", async () =>
      (await stack.logs("renderer")).includes("publish.succeeded"),
    );
  });
  after(async () => await stack.down());

  const hostOf = (number: number): string => `moving${number % MOVING_HOSTS}.example`;
  const start = async (name: string, host: string): Promise<string> =>
    await stack.runApp(name, ["-e", `VIRTUAL_HOST=${host}`, "--expose", "5000"]);

  /** Runs a random operation on the container of this number. One that does not fit its state has no effect. */
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
    await actions[Math.floor(random() * actions.length)]!().catch(ignoreNotRunning);
  }

  test(`fail no request to other virtual hosts and leave no stale upstream server (SALLYPORT_SEED=${SEED})`, async () => {
    const hosts = Array.from({ length: STEADY }, (_, number) => `steady${number}.example`);
    const traffic = new Traffic(await stack.address(), hosts);
    // Each worker has its own containers, so that no two operations meet at one container.
    await concurrently(async (worker) => {
      for (let done = 0; done < OPERATIONS / CONCURRENCY; done += 1) {
        await operate(worker + CONCURRENCY * Math.floor(random() * (MOVING / CONCURRENCY)));
      }
    });
    const failures = await traffic.end();
    assert.deepEqual(failures, []);
    assert.ok(traffic.requests > OPERATIONS);
    await eventually("nginx's upstream servers are the running containers", async () => {
      assert.deepEqual(await published(), await running());
      return true;
    });
  });

  /** Addresses of all upstream servers in nginx's configuration. */
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

/** Ignores the error of `docker kill` for a container that does not run. */
function ignoreNotRunning(error: Error): void {
  if (!error.message.includes("is not running")) throw error;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

async function concurrently(work: (worker: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: CONCURRENCY }, async (_, worker) => await work(worker)));
}

/** Returns a generator of numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
