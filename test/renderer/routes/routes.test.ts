import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { IpAddress } from "../../../renderer/routes/grammar.ts";
import { buildRoutes, RouteTable } from "../../../renderer/routes/route-table.ts";
import { NO_ROUTES, type Routes, type RouteRules, type VirtualHost } from "../../../renderer/routes/routes.ts";
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
    labels: {},
    withheld: { env: 0, labels: 0 },
    refused: [],
    ...changes,
  };
  return { agent: "/one.sock", host: "local", container };
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

function reasons({ unrouted, quarantined }: Routes): string[] {
  return [...unrouted.map(({ reason }) => `unrouted ${reason}`), ...quarantined.map(({ reason }) => `aside ${reason}`)];
}

describe("which container is sent requests", () => {
  const network = (ipv4: string) => [{ name: "front", ipv4 }];
  const cases: readonly [
    title: string,
    changes: Partial<Container>,
    served: string[] | undefined,
    reasons: string[],
  ][] = [
    ["a running one", { networks: network("10.0.0.9") }, ["10.0.0.9:5000"], []],
    ["a healthy one", { health: "healthy", networks: network("10.0.0.9") }, ["10.0.0.9:5000"], []],
    ["a stale one, as it was last known", { stale: true, networks: network("10.0.0.9") }, ["10.0.0.9:5000"], []],
    ["an unhealthy one keeps its host and gets nothing", { health: "unhealthy" }, [], ["unrouted health"]],
    ["a starting one keeps its host and gets nothing", { health: "starting" }, [], ["unrouted health"]],
    ["a stopping one keeps its host and gets nothing", { stopping: true }, [], ["unrouted stopping"]],
    ["a paused one keeps its host and gets nothing", { state: "paused" }, [], ["unrouted state"]],
    ["an exited one has no part", { state: "exited" }, undefined, ["unrouted state"]],
    ["one without VIRTUAL_HOST has no part", { env: {} }, undefined, ["unrouted host.none"]],
    ["one that exposes nothing has no part", { ports: [] }, undefined, ["unrouted port.none"]],
    [
      "one that exposes only UDP has no part",
      { ports: [{ port: 53, proto: "udp" }] },
      undefined,
      ["unrouted port.none"],
    ],
    ["one that was never read is set aside", { unread: true, env: {} }, undefined, ["aside never.read"]],
    [
      "one with a bad port is set aside",
      { env: { VIRTUAL_HOST: "a.example", VIRTUAL_PORT: "80;" } },
      undefined,
      ["aside port.refused"],
    ],
    ["one with a bad host is set aside", { env: { VIRTUAL_HOST: "a;b" } }, undefined, ["aside host.refused"]],
    [
      "one whose value the agent withheld is set aside",
      { refused: [{ from: "env", name: "VIRTUAL_HOST", reason: "value.charset" }] },
      undefined,
      ["aside value.refused"],
    ],
  ];
  for (const [title, changes, served, expected] of cases) {
    test(title, () => {
      const routes = routesOf([app(changes)]);
      assert.deepEqual(endpoints(routes), served);
      assert.deepEqual(reasons(routes), expected);
    });
  }
});

test("a bad name costs itself: the good ones of the same container are routed", () => {
  const routes = routesOf([
    app({ env: { VIRTUAL_HOST: "a.example, b;c ,, B.example" }, networks: [{ name: "front", ipv4: "10.0.0.9" }] }),
  ]);
  assert.deepEqual(endpoints(routes, "b.example"), ["10.0.0.9:5000"]);
  assert.deepEqual(
    routes.remarks.map(({ reason, value }) => [reason, value]),
    [["host.refused", "b;c"]],
  );
});

test("the port is VIRTUAL_PORT, else the only exposed one, else 80 with a remark", () => {
  const networks = [{ name: "front", ipv4: "10.0.0.9" }];
  const two = [5000, 6000].map((port) => ({ port, proto: "tcp" as const }));
  assert.deepEqual(endpoints(routesOf([app({ networks, env: { VIRTUAL_HOST: "a.example", VIRTUAL_PORT: "7000" } })])), [
    "10.0.0.9:7000",
  ]);
  const guessed = routesOf([app({ networks, ports: two })]);
  assert.deepEqual(endpoints(guessed), ["10.0.0.9:80"]);
  assert.deepEqual(
    guessed.remarks.map(({ reason }) => reason),
    ["port.guessed"],
  );
});

test("only networks that nginx is on count, and the reason names both sides", () => {
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
  const found = routes.unrouted.find(({ reason }) => reason === "network.none");
  assert.match(found?.detail ?? "", /back.*front/);
});

test("without a known nginx nothing is decided, and the reason says what to label", () => {
  const held = buildRoutes([app()], { ...RULES, proxy: { kind: "label", name: "sallyport.proxy", value: "true" } });
  assert.equal(held.kind, "blocked");
  assert.match(held.kind === "blocked" ? held.reason : "", /sallyport\.proxy=true/);
});

test("the oldest container with the label is nginx, so that a newcomer cannot move the networks", () => {
  const label = { "sallyport.proxy": "true" };
  const real = app({ env: {}, labels: label, createdAt: 1, networks: [{ name: "front" }] });
  const impostor = app({ env: {}, labels: label, createdAt: 2, networks: [{ name: "evil" }] });
  const victim = app({
    networks: [
      { name: "evil", ipv4: "10.9.0.1" },
      { name: "front", ipv4: "10.0.0.3" },
    ],
  });
  const routes = routesOf([impostor, victim, real], { ...RULES, proxy: { kind: "label", name: "sallyport.proxy" } });
  assert.deepEqual(endpoints(routes), ["10.0.0.3:5000"]);
});

test("nginx that runs beside the renderer is found by the beginning of its container's id", () => {
  const own = app({ env: {}, networks: [{ name: "front" }] });
  const shared = app({ networks: [{ name: "front", ipv4: "10.0.0.3" }] });
  const apart = app({ networks: [{ name: "back", ipv4: "10.1.0.4" }] });
  const proxy = { kind: "self", id: own.container.id } as const;
  assert.deepEqual(endpoints(routesOf([own, shared, apart], { ...RULES, proxy })), ["10.0.0.3:5000"]);
  for (const id of [undefined, "ffffffffffff"]) {
    const held = buildRoutes([own, shared], { ...RULES, proxy: { kind: "self", id } });
    assert.match(held.kind === "blocked" ? held.reason : "", /give this container a label/);
  }
});

test("the same endpoint is one replica, however often it is told", () => {
  const networks = [{ name: "front", ipv4: "10.0.0.9" }];
  assert.deepEqual(endpoints(routesOf([app({ networks }), app({ networks })])), ["10.0.0.9:5000"]);
});

test("the generated file does not depend on the order of the containers", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyContainer, { selector: ({ id }) => id, maxLength: 10 }),
      fc.infiniteStream(fc.nat()),
      (list, keys) => {
        const known = list.map((container) => ({ agent: "/one.sock", host: "local", container }));
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

test("routes kept by changes are the routes made at once, whatever came and went before", () => {
  const rules: RouteRules = { proxy: { kind: "label", name: "sallyport.proxy" }, onlyExposed: true };
  const known = anyContainer.map((container): InventoryContainer => ({ agent: "/one.sock", host: "local", container }));
  const proxied = fc.tuple(known, fc.boolean()).map(([one, isProxy]): InventoryContainer => {
    const labels: Record<string, string> = isProxy ? { "sallyport.proxy": "true" } : {};
    return { ...one, container: { ...one.container, labels } };
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(proxied, { maxLength: 4 }), { maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      (told, picks) => {
        const table = new RouteTable(rules);
        const held = new Map<string, InventoryContainer>();
        for (const upserted of told) {
          const ids = [...held.keys()];
          const leaving = ids.filter(() => (picks.next().value as number) % 3 === 0);
          const gone = leaving.map((id) => held.get(id)!);
          for (const id of leaving) held.delete(id);
          for (const one of upserted) held.set(one.container.id, one);
          const last = new Map(upserted.map((one) => [one.container.id, one]));
          table.apply({ upserted: [...last.values()], gone: gone.filter(({ container: { id } }) => !last.has(id)) });
          const anew = buildRoutes([...held.values()], rules);
          assert.deepEqual(
            table.wanted,
            anew.kind === "blocked" ? anew : { kind: "routes", virtualHosts: anew.virtualHosts },
          );
          if (anew.kind === "routes") assert.deepEqual(table.routes, anew);
        }
      },
    ),
  );
});

test("a change makes only the hosts it touches anew", () => {
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

test("what changes no route touches no host", () => {
  const table = new RouteTable(RULES);
  const one = app();
  table.apply({ upserted: [one], gone: [] });
  const { hosts } = table.apply({
    upserted: [{ ...one, container: { ...one.container, health: "healthy" } }],
    gone: [],
  });
  assert.deepEqual(hosts, []);
});

describe("which address a container is reached at", () => {
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
    host: "other",
  });
  const cases: readonly [title: string, known: InventoryContainer[], rules: Partial<RouteRules>, served: string[]][] = [
    ["the first network by name that nginx shares", [app({ networks: both }), nginx("b", "a")], {}, ["10.1.0.1:5000"]],
    ["the only one that nginx shares", [app({ networks: both }), nginx("b")], {}, ["10.2.0.1:5000"]],
    [
      "the network that the container names",
      [app({ networks: both, labels: { "sallyport.network": "b" } }), nginx("a", "b")],
      {},
      ["10.2.0.1:5000"],
    ],
    [
      "IPv6 where the operator prefers it",
      [app({ networks: both }), nginx("a")],
      { preferIpv6: true },
      ["2001:db8:1::1:5000"],
    ],
    ["never Swarm's ingress", [app({ networks: [{ name: "ingress", ipv4: "10.9.0.1" }] }), nginx("ingress")], {}, []],
    ["not the host's network, when nobody says where that is", [app(onHost), nginx("a")], {}, []],
    [
      "the host's network where the operator says",
      [app(onHost), nginx("a")],
      { hostAddress: "172.17.0.1" as IpAddress },
      ["172.17.0.1:5000"],
    ],
    ["the host's network from an nginx that is on it, too", [app(onHost), nginx("host")], {}, ["127.0.0.1:5000"]],
    [
      "not another Docker host's network",
      [elsewhere(app(onHost)), elsewhere(app({ networks: both })), nginx("a")],
      { hostAddress: "172.17.0.1" as IpAddress },
      [],
    ],
    ["nor from an nginx on its own host's", [elsewhere(app(onHost)), nginx("host")], {}, []],
    ["any network from an nginx on the host's", [app({ networks: both }), nginx("host")], {}, ["10.1.0.1:5000"]],
  ];
  for (const [title, known, rules, served] of cases) {
    test(title, () => assert.deepEqual(endpoints(routesOf(known, { ...RULES, proxy: PROXY, ...rules })), served));
  }

  test("a network that it names and is not on is told", () => {
    const routes = routesOf([app({ labels: { "sallyport.network": "else" } }), nginx("front")], {
      ...RULES,
      proxy: PROXY,
    });
    assert.match(routes.unrouted.find(({ reason }) => reason === "network.none")?.detail ?? "", /not on the network/);
  });
});

test("a host that nobody claims any more goes at the end of its grace, and not before", () => {
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

test("who is trusted from anywhere tells headers, and never whether a client is from an internal network", () => {
  const printed = (proxyProtocol: boolean) =>
    render(
      nginxPage(NO_ROUTES, { listen: 8080, proxyProtocol, trustedProxies: ["0.0.0.0/0", "::/0", "10.0.0.0/8"] }),
    ).toString();
  assert.deepEqual(printed(false).match(/set_real_ip_from .*/g), ["set_real_ip_from 10.0.0.0/8;"]);
  assert.equal(printed(true).match(/set_real_ip_from .*/g)?.length, 3);
});
