import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
// oxlint-disable-next-line no-restricted-imports -- to try every method it has
import Docker from "dockerode";
import { gatedClient } from "../../agent/docker.ts";
import { EVENT_FILTERS, gate, serviceFilters, SWARM_EVENT_FILTERS, taskFilters } from "../../agent/gate.ts";

const ID = "0123456789abcdef".repeat(4);
const EVENTS = `/v1.41/events?filters=${encodeURIComponent(JSON.stringify(EVENT_FILTERS))}`;

describe("the gate", () => {
  test("permits the fixed requests and returns their routes", () => {
    assert.equal(gate("GET", "/version"), "version");
    assert.equal(gate("GET", "/v1.41/containers/json?all=true"), "list");
    assert.equal(gate("GET", `/v1.41/containers/${ID}/json`), "inspect");
    assert.equal(gate("GET", `/v1.41/images/${ID}/json`), "image");
    assert.equal(gate("GET", EVENTS), "events");
    assert.equal(
      gate("GET", `/v1.47/containers/json?all=true&filters=${encodeURIComponent(`{"id":["${ID}"]}`)}`),
      "list-one",
    );
  });

  const SERVICES = ["a1".repeat(13).slice(1), "0".repeat(25)];
  const tasks = (services: readonly string[]): string =>
    `/v1.45/tasks?filters=${encodeURIComponent(JSON.stringify(taskFilters(services)))}`;
  const services = (ids: readonly string[]): string =>
    `/v1.45/services?filters=${encodeURIComponent(JSON.stringify(serviceFilters(ids)))}`;
  const ofSwarm: [target: string, route: string][] = [
    ["/v1.45/services", "services"],
    ["/v1.45/nodes", "nodes"],
    [services(SERVICES), "services"],
    [tasks([]), "tasks"],
    [tasks(SERVICES), "tasks"],
    [`/v1.45/events?filters=${encodeURIComponent(JSON.stringify(SWARM_EVENT_FILTERS))}`, "swarm-events"],
  ];
  for (const [target, route] of ofSwarm)
    test(`permits the request of --swarm for ${route} (${target.length} characters) with that option only`, () => {
      assert.deepEqual([gate("GET", target, true), gate("GET", target)], [route, undefined]);
      for (const one of [`${target}&x=1`, `${target}/x`, target.replace("/v1.45", "")])
        assert.equal(gate("GET", one, true), undefined);
    });

  const refusedOfSwarm = [
    services([]),
    services([...SERVICES, "A".repeat(25)]),
    services(Array.from({ length: 9 }, () => SERVICES[0]!)),
    services(SERVICES).replace("id", "name"),
    `/v1.45/services?insertDefaults=true`,
    tasks([...SERVICES, "A".repeat(25)]),
    tasks(Array.from({ length: 9 }, () => SERVICES[0]!)),
    tasks(SERVICES).replace("running", "shutdown"),
    tasks(SERVICES).replace("%22%5D%7D", "%22%2C%5D%7D"),
    tasks(SERVICES).replace("%22%2C%22", "%22%22"),
    `/v1.45/services/${SERVICES[0]!}`,
    `/v1.45/services/${SERVICES[0]!}/logs`,
    "/v1.45/tasks",
    "/v1.45/secrets",
    "/v1.45/configs",
    "/v1.45/swarm",
    "/v1.45/swarm/unlockkey",
    "/v1.45/info",
  ];
  for (const target of refusedOfSwarm)
    test(`refuses GET ${target.slice(0, 160)} with --swarm`, () => assert.equal(gate("GET", target, true), undefined));

  const refused = [
    `/containers/${ID}/json`,
    "/containers/json?all=true",
    "/v1.41/containers/json",
    "/v1.41/containers/json?all=true&size=true",
    "/v1.41/containers/json?all=true#",
    `/v1.41/containers/${ID}/json?size=1`,
    `/v1.41/containers/${ID}/archive?path=/etc/passwd`,
    `/v1.41/containers/${ID}/%6ason`,
    `/v1.41/containers/${ID}/json/`,
    `/v1.41/containers/${ID}/json\n`,
    `/v1.41/containers/${ID.slice(0, 63)}/json`,
    `/v1.41/containers/${ID.toUpperCase()}/json`,
    `/images/${ID}/json`,
    `/v1.41/images/sha256:${ID}/json`,
    `/v1.41/images/sha256%3A${ID}/json`,
    `/v1.41/images/${ID.slice(1)}/json`,
    `/v1.41/images/${ID.toUpperCase()}/json`,
    `/v1.41/images/${ID}/json?manifests=1`,
    `/v1.41/images/${ID}/json#`,
    `/v1.41/images/${ID}/history`,
    `/v1.41/images/${ID}/get`,
    `/v1.41/images/${ID}/../${ID}/json`,
    "/v1.41/images/json",
    "/v1.41/images/debian/json",
    "/v1.41/containers/../images/json",
    "//containers/json?all=true",
    "/v1.41//containers/json?all=true",
    "/v1.41%2fcontainers/json?all=true",
    "/v1.041/containers/json?all=true",
    "/v2.41/containers/json?all=true",
    "/version?x=1",
    "/v1.41/version",
    "/v1.41/events",
    `${EVENTS}&since=0`,
    "/v1.41/info",
    "/v1.41/secrets",
    "/_ping",
    "http://elsewhere/version",
    "",
  ];
  for (const target of refused)
    test(`refuses GET ${JSON.stringify(target)}`, () => assert.equal(gate("GET", target), undefined));
  for (const method of ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", ""]) {
    test(`refuses method ${JSON.stringify(method)}`, () => assert.equal(gate(method, "/version"), undefined));
  }
});

describe("dockerode methods called through the agent's client", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-gate-"));
  const socketPath = join(directory, "docker.sock");
  let bytes = 0;
  let server: Server;
  before(async () => {
    server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", (chunk) => {
        bytes += chunk.length;
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  });
  after(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  const client = gatedClient(
    socketPath,
    () => undefined,
    () => undefined,
  );
  const objects = {
    docker: client,
    container: client.getContainer(ID),
    image: client.getImage(ID),
    "named image": client.getImage("some/image"),
    volume: client.getVolume("volume"),
    network: client.getNetwork("network"),
    service: client.getService("service"),
    task: client.getTask("task"),
    node: client.getNode("node"),
    secret: client.getSecret("secret"),
    config: client.getConfig("config"),
    plugin: client.getPlugin("plugin", ""),
    exec: client.getExec("exec"),
  };
  /** Methods that may reach the socket. */
  const permitted = new Set(["docker.version", "container.inspect", "image.inspect"]);
  /** Methods that only create an object. */
  const local =
    /^docker\.(get(Container|Image|Volume|Plugin|Service|Task|Node|Secret|Config|Network|Exec)|constructor)$/;

  const ignore = (): void => undefined;
  /** Arguments of methods that expect their callback elsewhere. */
  const shapes: Readonly<Record<string, readonly unknown[][]>> = {
    "docker.run": [["image", ["true"], process.stdout]],
    "docker.runCallback": [["image", ["true"], process.stdout, {}, {}, ignore]],
    "image.history": [[], [ignore]],
    "image.get": [[], [ignore]],
    "named image.history": [[], [ignore]],
    "named image.get": [[], [ignore]],
  };

  for (const [kind, object] of Object.entries(objects)) {
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(object) as object).filter(
      (name) => name !== "constructor",
    );
    for (const method of methods) {
      const name = `${kind}.${method}`;
      if (permitted.has(name) || local.test(name)) continue;
      test(`${name} sends nothing`, async () => {
        const before = bytes;
        const target = object as unknown as Record<string, (...args: unknown[]) => unknown>;
        for (const args of shapes[name] ?? [[{}], [{}, ignore]]) await settle(() => target[method]!(...args));
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(bytes, before);
      });
    }
  }

  test("a permitted method reaches the fake Docker", async () => {
    await assert.rejects(client.version());
    assert.ok(bytes > 0);
    assert.ok(client instanceof Docker);
  });
});

/** Calls a method that may throw, reject or never settle. */
async function settle(call: () => unknown): Promise<void> {
  try {
    const result: unknown = call();
    if (result instanceof Promise) await Promise.race([result, new Promise((resolve) => setImmediate(resolve))]);
  } catch {
    // Refused.
  }
}
