import { eventually } from "../eventually.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";
import type { Recordable } from "./recording.ts";

const settings = {
  labels: { "rec.label": "1" },
  variable: "VIRTUAL_HOST=rec.test",
  network: "rec-front",
};

/** Adapts the embedded engine. */
export function embedded(engine: Engine, docker: Client): Recordable {
  return {
    docker,
    create: async (name) => {
      const { labels, variable, network } = settings;
      engine.image("rec-image:1", { env: ["PATH=/bin"] });
      engine.create({
        name,
        image: "rec-image:1",
        labels,
        env: [variable],
        networks: [network],
        expose: [5000, "53/udp"],
        health: "starting",
      });
    },
    start: (name) => engine.start(name),
    becomeHealthy: async (name) => engine.health(name, "healthy"),
    stop: (name) => engine.stop(name),
    restart: (name) => engine.restart(name),
    kill: (name, signal) => engine.kill(name, signal),
    pause: async (name) => engine.pause(name),
    unpause: async (name) => engine.unpause(name),
    rename: async (name, newName) => engine.rename(name, newName),
    connect: (name, network) => engine.connect(name, network),
    disconnect: (name, network) => engine.disconnect(name, network),
    remove: (name) => engine.remove(name),
  };
}

/** Runs until it is signalled, and is healthy at once. */
const PROGRAM = `
  process.on("SIGTERM", () => process.exit(0));
  process.on("SIGHUP", () => {});
  require("node:http").createServer().listen(5000);`;
const PROBE = `require("node:net").connect(5000).on("error", () => process.exit(1)).on("connect", () => process.exit(0))`;
const HALF_A_SECOND_NS = 500_000_000;

/** Adapts a real engine. `image` must exist and contain `node`. */
export function real(docker: Client, image: string): Recordable {
  const of = (name: string) => docker.getContainer(name);
  return {
    docker,
    create: async (name) => {
      await docker.createContainer({
        name,
        Image: image,
        Cmd: ["node", "-e", PROGRAM],
        Env: [settings.variable],
        Labels: settings.labels,
        ExposedPorts: { "5000/tcp": {}, "53/udp": {} },
        Healthcheck: { Test: ["CMD", "node", "-e", PROBE], Interval: HALF_A_SECOND_NS, Retries: 20 },
        HostConfig: { NetworkMode: settings.network },
      });
    },
    start: async (name) => void (await of(name).start()),
    becomeHealthy: async (name) => {
      const healthy = async () => (await of(name).inspect()).State.Health?.Status === "healthy";
      await eventually(`${name} is healthy`, healthy);
    },
    stop: async (name) => void (await of(name).stop()),
    restart: async (name) => void (await of(name).restart()),
    kill: async (name, signal) => {
      await of(name).kill({ signal });
      if (signal === "SIGKILL")
        await eventually("the container stops", async () => !(await of(name).inspect()).State.Running);
    },
    pause: async (name) => void (await of(name).pause()),
    unpause: async (name) => void (await of(name).unpause()),
    rename: async (name, newName) => void (await of(name).rename({ name: newName })),
    connect: async (name, network) => void (await docker.getNetwork(network).connect({ Container: name })),
    disconnect: async (name, network) => void (await docker.getNetwork(network).disconnect({ Container: name })),
    remove: async (name) => void (await of(name).remove()),
  };
}
