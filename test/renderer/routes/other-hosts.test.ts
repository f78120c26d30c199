import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpAddress } from "../../../renderer/routes/grammar.ts";
import type { Container, Port } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";
import { buildRoutes } from "./build-routes.ts";

const NGINX = "/run/local.sock";
const OTHER = "/run/app-1.sock";
const ADDRESS = "10.0.0.7" as IpAddress;

/** The routes of one container on the host app-1, with nginx on another host. */
function routesOf(changes: Partial<Container>, otherHosts = new Map([[OTHER, ADDRESS]])) {
  const app = container("a", {
    env: { VIRTUAL_HOST: "shop.example" },
    networks: [{ name: "front", ipv4: "172.18.0.5" }],
    ...changes,
  });
  const nginx = container("f", {
    env: {},
    labels: { proxy: "true" },
    networks: [{ name: "front", ipv4: "172.18.0.2" }],
  });
  const routes = buildRoutes(
    [
      { agent: NGINX, dockerHost: "edge", container: nginx },
      { agent: OTHER, dockerHost: "app-1", container: app },
    ],
    { proxy: { kind: "label", name: "proxy" }, onlyExposed: true, otherHosts },
  );
  assert.equal(routes.kind, "routes");
  const servers = routes.virtualHosts.flatMap(({ paths }) => paths.flatMap((path) => path.servers));
  const waiting = [...(routes.waiting?.values() ?? [])].flat();
  return {
    endpoints: servers.map(({ address, port }) => `${address}:${port}`),
    why: waiting.map(({ reason }) => reason),
  };
}

const tcp = (port: number, ...published: { ip: string; port: number }[]): Port => ({
  port,
  proto: "tcp",
  ...(published.length > 0 && { published }),
});

const rows: readonly { name: string; changes: Partial<Container>; endpoints?: string[]; why?: RegExp }[] = [
  {
    name: "by the port published on every address",
    changes: { ports: [tcp(80, { ip: "0.0.0.0", port: 8080 }, { ip: "::", port: 8080 })] },
    endpoints: ["10.0.0.7:8080"],
  },
  {
    name: "by the port published on the host's address",
    changes: { ports: [tcp(80, { ip: "127.0.0.1", port: 7000 }, { ip: "10.0.0.7", port: 9000 })] },
    endpoints: ["10.0.0.7:9000"],
  },
  {
    name: "by the port that VIRTUAL_PORT names, not by the port published for another one",
    changes: {
      env: { VIRTUAL_HOST: "shop.example", VIRTUAL_PORT: "3000" },
      ports: [tcp(80, { ip: "0.0.0.0", port: 8080 }), tcp(3000, { ip: "0.0.0.0", port: 8081 })],
    },
    endpoints: ["10.0.0.7:8081"],
  },
  {
    name: "by its own port on the Docker host's network",
    changes: { ports: [tcp(80)], networks: [{ name: "host" }] },
    endpoints: ["10.0.0.7:80"],
  },
  {
    name: "not by a port published for local connections only",
    changes: { ports: [tcp(80, { ip: "127.0.0.1", port: 8080 })] },
    why: /^port 80 is published on 127\.0\.0\.1 only, and nginx reaches containers on app-1 at 10\.0\.0\.7; publish it there, such as `ports: \["10\.0\.0\.7:8080:80"\]`$/,
  },
  { name: "not by a port that is not published", changes: { ports: [tcp(80)] }, why: /^port 80 is not published, and/ },
  {
    name: "not by a UDP port",
    changes: { ports: [tcp(80), { port: 80, proto: "udp", published: [{ ip: "0.0.0.0", port: 8080 }] }] },
    why: /^port 80 is not published/,
  },
];

for (const { name, changes, endpoints = [], why } of rows) {
  test(`nginx reaches a container of another Docker host ${name}`, () => {
    const found = routesOf(changes);
    assert.deepEqual(found.endpoints, endpoints);
    if (why) assert.match(found.why[0] ?? "", why);
    else assert.deepEqual(found.why, []);
  });
}

test("a container of another Docker host without an address is not routed, and the reason names the setting", () => {
  const { endpoints, why } = routesOf({ ports: [tcp(80, { ip: "0.0.0.0", port: 8080 })] }, new Map());
  assert.deepEqual(endpoints, []);
  assert.match(why[0] ?? "", /runs on app-1, another Docker host than nginx; set `address` of its agent/);
});
