import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { IpAddress } from "../../../renderer/routes/grammar.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import { buildRoutes } from "./build-routes.ts";
import type { RouteRules } from "../../../renderer/routes/route-rules.ts";
import type { Routes, VirtualHost } from "../../../renderer/routes/routes.ts";
import { NO_ROUTES } from "./no-routes.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { nginxPage } from "../../../renderer/nginx/page.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container as anyContainer } from "../../shared/containers.ts";

const RULES: RouteRules = { proxy: { kind: "host" }, onlyExposed: true };
const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);

let made = 0;

/** A running container with a route, changed as a case needs. */
function app(changes: Partial<Container> = {}): InventoryContainer {
  const id = (++made).toString(16).padStart(64, "0");
  const container: Container = {
    id,
    name: `app${made}`,
    state: "running",
    health: "none",
    stopping: false,
    stale: false,
    unread: false,
    createdAt: made,
    networks: [{ name: "front", ipv4: `10.0.0.${made % 250}` }],
    ports: [{ port: 5000, proto: "tcp" }],
    env: { VIRTUAL_HOST: "a.example" },
    fromImage: { read: true, env: [], labels: [] },
    withheld: { env: 0, labels: 0 },
    refused: [],
    ...changes,
    labels: { ...composeLabels("test"), ...changes.labels },
  };
  return { agent: "/one.sock", dockerHost: "local", container };
}

function routesOf(known: readonly InventoryContainer[], rules: RouteRules = RULES): Routes {
  const routes = buildRoutes(known, rules);
  assert.equal(routes.kind, "routes");
  return routes;
}

function endpoints(routes: Routes, host = "a.example"): string[] | undefined {
  const found = routes.virtualHosts.find((virtualHost) => virtualHost.host === host);
  return found?.paths.flatMap(({ servers }) => servers.map(({ address, port }) => `${address}:${port}`));
}

function codes({ unrouted, quarantined }: Routes): string[] {
  return [...unrouted.map(({ code }) => `unrouted ${code}`), ...quarantined.map(({ code }) => `quarantined ${code}`)];
}

describe("receives requests, or not:", () => {
  const network = (ipv4: string) => [{ name: "front", ipv4 }];
  const cases: readonly [title: string, changes: Partial<Container>, served: string[] | undefined, codes: string[]][] =
    [
      ["a running container", { networks: network("10.0.0.9") }, ["10.0.0.9:5000"], []],
      ["a healthy container", { health: "healthy", networks: network("10.0.0.9") }, ["10.0.0.9:5000"], []],
      [
        "a stale container, in its last known state",
        { stale: true, networks: network("10.0.0.9") },
        ["10.0.0.9:5000"],
        [],
      ],
      ["an unhealthy container keeps its host without requests", { health: "unhealthy" }, [], ["unrouted health"]],
      ["a starting container keeps its host without requests", { health: "starting" }, [], ["unrouted health"]],
      ["a stopping container keeps its host without requests", { stopping: true }, [], ["unrouted stopping"]],
      ["a paused container keeps its host without requests", { state: "paused" }, [], ["unrouted state"]],
      ["an exited container keeps its host without requests", { state: "exited" }, [], ["unrouted state"]],
      ["a container that never ran has no host", { state: "created" }, undefined, ["unrouted state"]],
      ["a container without VIRTUAL_HOST has no host", { env: {} }, undefined, ["unrouted host.none"]],
      ["a container that exposes no port has no host", { ports: [] }, undefined, ["unrouted port.none"]],
      [
        "a container that exposes only UDP has no host",
        { ports: [{ port: 53, proto: "udp" }] },
        undefined,
        ["unrouted port.none"],
      ],
      [
        "a container that was never inspected is quarantined",
        { unread: true, env: {} },
        undefined,
        ["quarantined never.read"],
      ],
      [
        "a container with an invalid port is quarantined",
        { env: { VIRTUAL_HOST: "a.example", VIRTUAL_PORT: "80;" } },
        undefined,
        ["quarantined port.refused"],
      ],
      [
        "a container with an invalid host is quarantined",
        { env: { VIRTUAL_HOST: "a;b" } },
        undefined,
        ["quarantined host.refused"],
      ],
      [
        "a container whose VIRTUAL_HOST was withheld is quarantined",
        { refused: [{ from: "env", name: "VIRTUAL_HOST", reason: "value.charset" }] },
        undefined,
        ["quarantined value.refused"],
      ],
    ];
  for (const [title, changes, served, expected] of cases) {
    test(title, () => {
      const routes = routesOf([app(changes)]);
      assert.deepEqual(endpoints(routes), served);
      assert.deepEqual(codes(routes), expected);
    });
  }
});

test("an invalid name is ignored, and the valid names of the same container are routed", () => {
  const routes = routesOf([
    app({ env: { VIRTUAL_HOST: "a.example, b;c ,, B.example" }, networks: [{ name: "front", ipv4: "10.0.0.9" }] }),
  ]);
  assert.deepEqual(endpoints(routes, "b.example"), ["10.0.0.9:5000"]);
  assert.deepEqual(
    routes.remarks.map(({ code, reason }) => [code, /"b;c"/.test(reason)]),
    [["host.refused", true]],
  );
});

test("the port is VIRTUAL_PORT, else the only exposed port, else 80 with a remark", () => {
  const networks = [{ name: "front", ipv4: "10.0.0.9" }];
  const two = [5000, 6000].map((port) => ({ port, proto: "tcp" as const }));
  assert.deepEqual(endpoints(routesOf([app({ networks, env: { VIRTUAL_HOST: "a.example", VIRTUAL_PORT: "7000" } })])), [
    "10.0.0.9:7000",
  ]);
  const guessed = routesOf([app({ networks, ports: two })]);
  assert.deepEqual(endpoints(guessed), ["10.0.0.9:80"]);
  assert.deepEqual(
    guessed.remarks.map(({ code }) => code),
    ["port.guessed"],
  );
});

test("only networks shared with nginx are used, and the reason lists the networks of both", () => {
  const proxy = app({
    env: {},
    labels: { "sallyport.proxy": "true" },
    networks: [{ name: "front", ipv4: "10.0.0.2" }],
  });
  const shared = app({
    networks: [
      { name: "back", ipv4: "10.1.0.3" },
      { name: "front", ipv4: "10.0.0.3" },
    ],
  });
  const apart = app({ env: { VIRTUAL_HOST: "b.example" }, networks: [{ name: "back", ipv4: "10.1.0.4" }] });
  const routes = routesOf([proxy, shared, apart], {
    ...RULES,
    proxy: { kind: "label", name: "sallyport.proxy", value: "true" },
  });
  assert.deepEqual(endpoints(routes), ["10.0.0.3:5000"]);
  const found = routes.unrouted.find(({ code }) => code === "network.none");
  assert.match(found?.reason ?? "", /back.*front/);
});

test("routes are blocked while nginx is unknown, and the reason names the label to add", () => {
  const blocked = buildRoutes([app()], { ...RULES, proxy: { kind: "label", name: "sallyport.proxy", value: "true" } });
  assert.equal(blocked.kind, "blocked");
  assert.match(blocked.kind === "blocked" ? blocked.reason : "", /sallyport\.proxy=true/);
});

test("nginx in the renderer's own container is found by the beginning of the container's id", () => {
  const own = app({ env: {}, networks: [{ name: "front" }] });
  const shared = app({ networks: [{ name: "front", ipv4: "10.0.0.3" }] });
  const apart = app({ networks: [{ name: "back", ipv4: "10.1.0.4" }] });
  const proxy = { kind: "self", id: own.container.id } as const;
  assert.deepEqual(endpoints(routesOf([own, shared, apart], { ...RULES, proxy })), ["10.0.0.3:5000"]);
  for (const id of [undefined, "ffffffffffff"]) {
    const blocked = buildRoutes([own, shared], { ...RULES, proxy: { kind: "self", id } });
    assert.match(blocked.kind === "blocked" ? blocked.reason : "", /add a label such as/);
  }
});

test("containers with the same endpoint are one replica", () => {
  const networks = [{ name: "front", ipv4: "10.0.0.9" }];
  assert.deepEqual(endpoints(routesOf([app({ networks }), app({ networks })])), ["10.0.0.9:5000"]);
});

test("the rendered file does not depend on the order of the containers", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyContainer, { selector: ({ id }) => id, maxLength: 10 }),
      fc.infiniteStream(fc.nat()),
      (list, keys) => {
        const known = list.map((container) => ({ agent: "/one.sock", dockerHost: "local", container }));
        const random = known.map((one) => ({ one, key: keys.next().value as number }));
        const shuffled = random.toSorted((a, b) => a.key - b.key).map(({ one }) => one);
        assert.equal(
          render(nginxPage(routesOf(shuffled), { listen: 8080 })).toString(),
          render(nginxPage(routesOf(known), { listen: 8080 })).toString(),
        );
      },
    ),
  );
});

test("routes updated by changes equal the routes built from scratch", () => {
  const rules: RouteRules = { proxy: { kind: "label", name: "sallyport.proxy" }, onlyExposed: true };
  const known = anyContainer.map((container): InventoryContainer => ({
    agent: "/one.sock",
    dockerHost: "local",
    container,
  }));
  const proxied = fc.tuple(known, fc.boolean()).map(([one, isProxy]): InventoryContainer => {
    const labels: Record<string, string> = isProxy ? { "sallyport.proxy": "true" } : {};
    return { ...one, container: { ...one.container, labels } };
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(proxied, { maxLength: 4 }), { maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      (changes, picks) => {
        const table = new RouteTable(rules);
        const current = new Map<string, InventoryContainer>();
        for (const upserted of changes) {
          const ids = [...current.keys()];
          const leaving = ids.filter(() => (picks.next().value as number) % 3 === 0);
          const gone = leaving.map((id) => current.get(id)!);
          for (const id of leaving) current.delete(id);
          for (const one of upserted) current.set(one.container.id, one);
          const last = new Map(upserted.map((one) => [one.container.id, one]));
          table.apply({ upserted: [...last.values()], gone: gone.filter(({ container: { id } }) => !last.has(id)) });
          const rebuilt = buildRoutes([...current.values()], rules);
          assert.deepEqual(
            table.wanted,
            rebuilt.kind === "blocked" ? rebuilt : { kind: "routes", virtualHosts: rebuilt.virtualHosts },
          );
          if (rebuilt.kind === "routes") assert.deepEqual(table.routes, rebuilt);
        }
      },
    ),
  );
});

test("a change rebuilds only the hosts it touches", () => {
  const table = new RouteTable(RULES);
  const [one, other] = [app(), app({ env: { VIRTUAL_HOST: "b.example" } })];
  table.apply({ upserted: [one, other], gone: [] });
  const [before] = table.routes.virtualHosts;
  const unhealthy: InventoryContainer = { ...other, container: { ...other.container, health: "unhealthy" } };
  const { hosts } = table.apply({ upserted: [unhealthy], gone: [] });
  assert.deepEqual(
    hosts.map(({ after }) => after?.host),
    ["b.example"],
  );
  assert.equal(table.routes.virtualHosts[0], before);
});

test("a change without effect on routes changes no host", () => {
  const table = new RouteTable(RULES);
  const one = app();
  table.apply({ upserted: [one], gone: [] });
  const { hosts } = table.apply({
    upserted: [{ ...one, container: { ...one.container, health: "healthy" } }],
    gone: [],
  });
  assert.deepEqual(hosts, []);
});

describe("the address of a container is", () => {
  const PROXY = { kind: "label", name: "sallyport.proxy" } as const;
  const nginx = (...networks: string[]) =>
    app({ labels: { "sallyport.proxy": "true" }, env: {}, networks: networks.map((name) => ({ name })) });
  const both = [
    { name: "a", ipv4: "10.1.0.1", ipv6: "2001:db8:1::1" },
    { name: "b", ipv4: "10.2.0.1" },
  ];
  const onHost = { networks: [{ name: "host" }] };
  const elsewhere = (known: InventoryContainer): InventoryContainer => ({
    ...known,
    agent: "/two.sock",
    dockerHost: "other",
  });
  const cases: readonly [title: string, known: InventoryContainer[], rules: Partial<RouteRules>, served: string[]][] = [
    [
      "on the first network by name that nginx shares",
      [app({ networks: both }), nginx("b", "a")],
      {},
      ["10.1.0.1:5000"],
    ],
    ["on the only network that nginx shares", [app({ networks: both }), nginx("b")], {}, ["10.2.0.1:5000"]],
    [
      "on the network that the container names",
      [app({ networks: both, labels: { "sallyport.network": "b" } }), nginx("a", "b")],
      {},
      ["10.2.0.1:5000"],
    ],
    ["IPv6 with `preferIpv6`", [app({ networks: both }), nginx("a")], { preferIpv6: true }, ["2001:db8:1::1:5000"]],
    [
      "never on Swarm's ingress network",
      [app({ networks: [{ name: "ingress", ipv4: "10.9.0.1" }] }), nginx("ingress")],
      {},
      [],
    ],
    ["unknown on the host's network without `hostAddress`", [app(onHost), nginx("a")], {}, []],
    [
      "`hostAddress` on the host's network",
      [app(onHost), nginx("a")],
      { hostAddress: "172.17.0.1" as IpAddress },
      ["172.17.0.1:5000"],
    ],
    [
      "the loopback address if nginx is on the host's network, too",
      [app(onHost), nginx("host")],
      {},
      ["127.0.0.1:5000"],
    ],
    [
      "unknown on another Docker host's network",
      [elsewhere(app(onHost)), elsewhere(app({ networks: both })), nginx("a")],
      { hostAddress: "172.17.0.1" as IpAddress },
      [],
    ],
    [
      "unknown on another Docker host, even from nginx on the host's network",
      [elsewhere(app(onHost)), nginx("host")],
      {},
      [],
    ],
    [
      "on any network if nginx is on the host's network",
      [app({ networks: both }), nginx("host")],
      {},
      ["10.1.0.1:5000"],
    ],
  ];
  for (const [title, known, rules, served] of cases) {
    test(title, () => assert.deepEqual(endpoints(routesOf(known, { ...RULES, proxy: PROXY, ...rules })), served));
  }

  test("unknown on a network that it names but is not on", () => {
    const routes = routesOf([app({ labels: { "sallyport.network": "else" } }), nginx("front")], {
      ...RULES,
      proxy: PROXY,
    });
    assert.match(routes.unrouted.find(({ code }) => code === "network.none")?.reason ?? "", /not on this network/);
  });
});

test("a host without containers is removed at the end of its grace period, and not before", () => {
  const table = new RouteTable({ ...RULES, graceMs: 1_000 });
  const one = app();
  table.apply({ upserted: [one], gone: [] }, 0);
  table.apply({ upserted: [], gone: [one] }, 500);
  assert.deepEqual(endpoints(table.routes), []);
  assert.equal(table.nextDeparture, 1_500);
  table.expire(1_499);
  assert.deepEqual(endpoints(table.routes), []);
  table.expire(1_500);
  assert.equal(endpoints(table.routes), undefined);
  assert.equal(table.nextDeparture, undefined);
  table.apply({ upserted: [one], gone: [] }, 2_000);
  table.apply({ upserted: [], gone: [one] }, 2_500);
  table.apply({ upserted: [one], gone: [] }, 2_600);
  table.expire(9_000);
  assert.equal(endpoints(table.routes)?.length, 1);
});

test("a proxy trusted from any address never sets the client address, unless by the PROXY protocol", () => {
  const printed = (proxyProtocol: boolean) =>
    render(
      nginxPage(NO_ROUTES, { listen: 8080, proxyProtocol, trustedProxies: ["0.0.0.0/0", "::/0", "10.0.0.0/8"] }),
    ).toString();
  assert.deepEqual(printed(false).match(/set_real_ip_from .*/g), ["set_real_ip_from 10.0.0.0/8;"]);
  assert.equal(printed(true).match(/set_real_ip_from .*/g)?.length, 3);
});
