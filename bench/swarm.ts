import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import * as http from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compare } from "../renderer/routes/compare.ts";
import { docker } from "../test/docker.ts";
import { eventually } from "../test/eventually.ts";
import { DOCKERD, type Node, SwarmRig } from "../test/swarm/swarm-rig.ts";

/**
 * Measures failed requests and times on three real nodes, and prints a table.
 *
 *     npm run bench:swarm [IMAGE [WORD…]]
 *
 * IMAGE contains a Docker Engine for the nodes; default: that of this machine. With WORD only the rows with one of these words.
 *
 * Needs what the test of the swarm needs, and about ten minutes.
 */
const [IMAGE, ...WORDS] = process.argv.slice(2);

function isWanted(event: string): boolean {
  return WORDS.length === 0 || WORDS.some((word) => event.includes(word));
}

/** Milliseconds between two requests of the client. */
const INTERVAL_MS = 5;

/** Milliseconds until a request counts as slow. */
const SLOW_MS = 1_000;

/** Milliseconds for which the client continues after an event: an old task ends three seconds later. */
const AFTER_MS = 5_000;

/** Seconds for which a worker has no network. */
const UNPLUGGED_S = 20;

const ROUNDS = 5;
const IDLE_SERVICES = 100;
const IDLE_S = 30;

const FIRST = "new service to first answer";
const IDLE = `idle, ${IDLE_SERVICES} services with a task each`;

/** Ticks of `utime` and `stime` in one second. */
const TICKS = 100;

/** Sends requests at a constant rate, each on a new connection, whether or not the previous one was answered. */
class Client {
  readonly #timer: NodeJS.Timeout;
  readonly #pending = new Set<Promise<void>>();
  readonly failures: string[] = [];
  sent = 0;
  slow = 0;

  constructor(at: { host: string; port: number }, host: string) {
    const startedAt = performance.now();
    // A busy machine delays the timer.
    this.#timer = setInterval(() => {
      while (this.sent * INTERVAL_MS < performance.now() - startedAt) {
        const request = this.#send(at, host).finally(() => this.#pending.delete(request));
        this.#pending.add(request);
      }
    }, INTERVAL_MS);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }

  async #send(at: { host: string; port: number }, host: string): Promise<void> {
    this.sent += 1;
    const startedAt = performance.now();
    const status = await new Promise<string>((resolve) => {
      const request = http.get({ ...at, path: "/traffic", headers: { host }, agent: false }, (response) => {
        response.resume().on("end", () => resolve(String(response.statusCode)));
      });
      request.on("error", (error) => resolve(error.message));
    });
    if (status !== "200") this.failures.push(status);
    if (performance.now() - startedAt > SLOW_MS) this.slow += 1;
  }
}

const rows: string[] = [];

function row(event: string, goal: string, result: string): void {
  rows.push(`| ${event} | ${goal} | ${result} |`);
  process.stdout.write(`${rows.at(-1)}\n`);
}

interface Case {
  readonly event: string;
  readonly replicas: number;
  readonly startS?: number;
  readonly options?: readonly string[];
  readonly run: (rig: SwarmRig, service: string) => Promise<unknown>;
}

const HEALTH = [
  "--health-cmd",
  "wget -q -O /dev/null http://127.0.0.1:8080/",
  "--health-interval",
  "1s",
  "--health-retries",
  "1",
];
const QUICK = ["--update-monitor", "100ms"];
const forced = (order: string) => async (rig: SwarmRig, service: string) => {
  const before = await rig.replicas(`${service}.example`, await countOf(rig, service));
  await rig.update(service, "--force", "--update-order", order, ...QUICK);
  await rig.replicas(`${service}.example`, before.size, before);
};

async function countOf(rig: SwarmRig, service: string): Promise<number> {
  return Number(await rig.docker(["service", "inspect", "--format", "{{.Spec.Mode.Replicated.Replicas}}", service]));
}

/** Returns a container of the service and its node, which is not the first one. */
async function remoteTask(rig: SwarmRig, service: string): Promise<{ node: Node; container: string }> {
  for (const node of rig.nodes.slice(1)) {
    const filter = `label=com.docker.swarm.service.name=${service}`;
    const [container] = (await rig.docker(["ps", "--quiet", "--filter", filter], node)).split("\n");
    if (container) return { node, container };
  }
  throw new Error(`no task of ${service} on another node`);
}

/** Takes the network of a node away for a while. */
async function unplug(node: Node, seconds: number): Promise<void> {
  const network = `--net=/proc/${await docker("inspect", "--format", "{{.State.Pid}}", node.container)}/ns/net`;
  execFileSync("nsenter", [network, "ip", "link", "set", "eth0", "down"]);
  await sleep(seconds * 1_000);
  execFileSync("nsenter", [network, "ip", "link", "set", "eth0", "up"]);
}

const cases: readonly Case[] = [
  { event: "rolling update, start-first, 3 replicas", replicas: 3, run: forced("start-first") },
  { event: "rolling update, stop-first, 3 replicas", replicas: 3, run: forced("stop-first") },
  {
    event: "1 replica, start-first, with health check",
    replicas: 1,
    startS: 1,
    options: HEALTH,
    run: forced("start-first"),
  },
  { event: "1 replica, start-first, without health check", replicas: 1, startS: 0.4, run: forced("start-first") },
  {
    event: "scale 3 to 1",
    replicas: 3,
    run: async (rig, service) => {
      await rig.docker(["service", "scale", "--detach", `${service}=1`]);
      await rig.replicas(`${service}.example`, 1);
    },
  },
  {
    event: "task killed",
    replicas: 3,
    run: async (rig, service) => {
      const { node, container } = await remoteTask(rig, service);
      await rig.docker(["kill", container], node);
      await sleep(AFTER_MS);
      await rig.replicas(`${service}.example`, 3);
    },
  },
  {
    event: "unhealthy task",
    replicas: 3,
    options: HEALTH,
    run: async (rig, service) => {
      const { node, container } = await remoteTask(rig, service);
      await rig.docker(["exec", container, "sh", "-c", "busybox rm /tmp/index.html"], node);
      await sleep(AFTER_MS);
      await rig.replicas(`${service}.example`, 3);
    },
  },
  {
    event: "node drained",
    replicas: 3,
    run: async (rig, service) => {
      const { node } = await remoteTask(rig, service);
      await rig.docker(["node", "update", "--availability", "drain", node.name]);
      await sleep(AFTER_MS);
      await rig.replicas(`${service}.example`, 3);
      await rig.docker(["node", "update", "--availability", "active", node.name]);
    },
  },
  {
    event: "leader killed in mid-update, 3 replicas",
    replicas: 3,
    run: async (rig, service) => {
      const leader = rig.nodes[2]!;
      const before = await rig.replicas(`${service}.example`, 3);
      await rig.update(service, "--force", "--update-order", "start-first", ...QUICK);
      await sleep(1_000);
      await docker("exec", leader.container, "sh", "-c", "kill -9 $(cat /var/run/docker.pid)");
      await sleep(20_000);
      await docker("exec", "--detach", leader.container, "sh", "-c", `rm -f /var/run/docker.pid; ${DOCKERD}`);
      await rig.replicas(`${service}.example`, 3, before);
    },
  },
  {
    event: `worker unplugged for ${UNPLUGGED_S} s`,
    replicas: 6,
    run: async (rig, service) => {
      await unplug(rig.nodes[2]!, UNPLUGGED_S);
      const ms = await settledAfter(rig, service, 20_000);
      await rig.replicas(`${service}.example`, 6);
      return `, routes right ${seconds(ms)} after the return`;
    },
  },
];

async function measure(
  rig: SwarmRig,
  { event, replicas, startS = 0, options = [], run }: Case,
  service: string,
): Promise<void> {
  await rig.createService(service, { replicas, startS, options });
  await rig.replicas(`${service}.example`, replicas);
  const client = new Client(rig.at, `${service}.example`);
  const error = await run(rig, service).then(
    (note) => (typeof note === "string" ? note : ""),
    (reason: unknown) => `; did not settle: ${String(reason)}`,
  );
  await sleep(AFTER_MS);
  await client.end();
  const kinds = [...new Set(client.failures)].join(", ");
  const failed = `${client.failures.length} of ${client.sent} failed${kinds && ` (${kinds})`}, ${client.slow} took longer than 1 s`;
  row(event, "0 failed", `${failed}${error}`);
  await remove(rig, service);
  await rig.settled(service, 0);
}

/** Removes a service, also when the leader has just changed. */
async function remove(rig: SwarmRig, service: string): Promise<void> {
  await eventually(`${service} is removed`, async () => await rig.docker(["service", "rm", service]), 60_000);
}

interface Task {
  readonly UpdatedAt: string;
  readonly CreatedAt: string;
  readonly Status: { readonly State: string };
  readonly NetworksAttachments?: readonly { readonly Addresses: readonly string[] }[];
}

/** The tasks of a service that the swarm wants to run. */
async function tasksOf(rig: SwarmRig, service: string): Promise<readonly Task[]> {
  const wanted = ["service", "ps", "--quiet", "--no-trunc", "--filter", "desired-state=running", service];
  const ids = (await rig.docker(wanted)).split("\n");
  return JSON.parse(await rig.docker(["inspect", "--type", "task", ...ids])) as readonly Task[];
}

async function firstAnswer(rig: SwarmRig): Promise<void> {
  const times: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const service = `new${round}`;
    await rig.createService(service, { replicas: 1 });
    const status = async (): Promise<number> =>
      await rig.get(`${service}.example`).then(
        (answer) => answer.status,
        () => 0,
      );
    while ((await status()) !== 200) await sleep(5);
    const answeredAt = Date.now();
    const [task] = await tasksOf(rig, service);
    const [createdAt, runningAt] = [Date.parse(task!.CreatedAt), Date.parse(task!.UpdatedAt)];
    times.push(
      `${seconds(answeredAt - createdAt)} (${seconds(answeredAt - runningAt)} after the swarm reports it as running)`,
    );
    await remove(rig, service);
  }
  row(FIRST, "1 s", times.join(", "));
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** Returns when nginx last had other servers than the swarm has running tasks, in milliseconds from now on. */
async function settledAfter(rig: SwarmRig, service: string, forMs: number): Promise<number> {
  const startedAt = performance.now();
  let last = 0;
  while (performance.now() - startedAt < forMs) {
    const file = readFileSync(join(rig.directory, "conf.d", "default.conf"), "utf8");
    const upstream = new RegExp(`upstream ${service}\\.example \\{([^}]*)\\}`).exec(file)?.[1] ?? "";
    const servers = [...upstream.matchAll(/server ([0-9.]+):(?![^;]*backup)[^;]*;/g)].map(([, address]) => address!);
    const running = (await tasksOf(rig, service)).filter(({ Status }) => Status.State === "running");
    const addresses = running.map((task) => task.NetworksAttachments?.[0]?.Addresses[0]?.split("/")[0] ?? "");
    if (servers.toSorted(compare).join() !== addresses.toSorted(compare).join()) last = performance.now() - startedAt;
    await sleep(100);
  }
  return last;
}

async function idle(rig: SwarmRig): Promise<void> {
  for (let from = 0; from < IDLE_SERVICES; from += 5)
    await Promise.all(
      [0, 1, 2, 3, 4].map(async (one) => await rig.createService(`idle${from + one}`, { replicas: 1 })),
    );
  await eventually(
    "all services run",
    async () => {
      const replicas = await rig.docker(["service", "ls", "--format", "{{.Replicas}}"]);
      return replicas.split("\n").every((one) => one === "1/1");
    },
    300_000,
  );
  // A service counts as changing for up to 30 s after its tasks have started.
  await sleep(45_000);
  const before = [requests(rig), cpuS(rig)] as const;
  await sleep(IDLE_S * 1_000);
  const after = [requests(rig), cpuS(rig)] as const;
  const perSecond = ((after[0] - before[0]) / IDLE_S).toFixed(2);
  const share = (((after[1] - before[1]) / IDLE_S) * 100).toFixed(1);
  row(IDLE, "1 request a second, 2 % of a core", `${perSecond} requests a second, ${share} % of a core`);
}

/** Requests to Docker in the agent's trail. */
function requests({ directory }: SwarmRig): number {
  const audit = join(directory, "audit");
  const files = readdirSync(audit).filter((name) => name.endsWith(".jsonl"));
  return files.reduce(
    (sum, name) => sum + readFileSync(join(audit, name), "utf8").split('"docker.request"').length - 1,
    0,
  );
}

/** Processor time of the agent, in seconds. */
function cpuS({ agent }: SwarmRig): number {
  const fields = readFileSync(`/proc/${agent.pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

const rig = await SwarmRig.start(["m1", "m2", "m3"], 3, IMAGE);
try {
  const engine = await rig.docker(["version", "--format", "{{.Server.Version}}"]);
  process.stdout.write(`Engine ${engine}, 3 managers\n\n| event | goal | measured |\n|---|---|---|\n`);
  if (isWanted(FIRST)) await firstAnswer(rig);
  for (const [index, one] of cases.entries()) if (isWanted(one.event)) await measure(rig, one, `case${index}`);
  if (isWanted(IDLE)) await idle(rig);
} finally {
  await rig.stop();
}
