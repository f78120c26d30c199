import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InventoryChange, InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { JoinedNetworks } from "../../../renderer/inventory/joined-networks.ts";
import { buildReport } from "../../../renderer/status/build-report.ts";
import { explain } from "../../../renderer/status/explain.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import { TargetProgress } from "../../../renderer/publish/target-progress.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container } from "../fake-agent.ts";
import { RULES } from "../nginx/options.ts";

const FRONT = { name: "front", ipv4: "10.0.0.1" };
const WEB = { networks: [FRONT], ports: [{ port: 80, proto: "tcp" as const }] };

function known(one: Container): InventoryContainer {
  return { agent: "/a", dockerHost: "docker", container: one };
}

let count = 0;
/** A container of a service on its own address; the first one is the oldest. */
function serviceOf(service: string, ports: readonly number[], changes: Partial<Container> = {}): InventoryContainer {
  count += 1;
  const { labels, ...others } = changes;
  return known(
    container("a", {
      id: count.toString(16).padStart(64, "0"),
      name: `shop-${service}-1`,
      createdAt: count,
      env: { VIRTUAL_HOST: "shop.example" },
      networks: [{ name: "front", ipv4: `10.0.1.${count}` }],
      ports: ports.map((port) => ({ port, proto: "tcp" })),
      ...others,
      labels: { ...composeLabels("shop", service), ...labels },
    }),
  );
}

class Explained {
  readonly #table: RouteTable;
  readonly #all = new Map<string, InventoryContainer>();
  readonly #joined = new JoinedNetworks((id) => this.#all.get(id));

  constructor(containers: readonly InventoryContainer[], rules: Partial<typeof RULES> = {}) {
    this.#table = new RouteTable({ ...RULES, ...rules });
    this.apply({ upserted: containers, gone: [] });
  }

  apply(change: InventoryChange): void {
    for (const one of change.gone) this.#all.delete(one.container.id);
    for (const one of change.upserted) this.#all.set(one.container.id, one);
    this.#table.apply(this.#joined.apply(change));
  }

  explain(query: string): string {
    const { routes } = this.#table;
    const { state } = new TargetProgress("/d", () => undefined);
    const target = { state, routes, quarantined: routes.quarantined, filtered: [] };
    return explain(buildReport({ agents: [], targets: [target], containers: [...this.#all.values()] }), query).text;
  }

  /** Names of the containers that serve a host, and of all hosts. */
  serving(host = "shop.example"): string[] {
    const found = this.#table.routes.virtualHosts.find((one) => one.host === host);
    return (found?.paths ?? []).flatMap(({ servers }) => servers.map((one) => one.container)).toSorted();
  }

  get hosts(): string[] {
    return this.#table.routes.virtualHosts.map(({ host }) => host);
  }
}

const explained = (env: Record<string, string>, changes: Partial<Container> = {}): Explained =>
  new Explained([known(container("a", { name: "app", ...WEB, env, ...changes }))]);

/** Values of VIRTUAL_HOST that people write, and the message for it. */
const HOSTS: readonly [value: string, message: RegExp][] = [
  ["'foo.example'", /quotes are part of the value; write foo\.example$/],
  ['"foo.example"', /quotes are part of the value; write foo\.example$/],
  ["\u201cfoo.example\u201d", /quotes are part of the value; write foo\.example$/],
  ["www.a.example www.b.example", /names are separated by commas; write www\.a\.example,www\.b\.example$/],
  ["a.example;b.example", /names are separated by commas; write a\.example,b\.example$/],
  ["https://foo.example/", /a name has no scheme, a name has no path, .*; write foo\.example$/],
  ["//foo.example", /write foo\.example|not a DNS name/],
  ["foo.example/app", /a name has no path, which belongs in VIRTUAL_PATH; write foo\.example$/],
  ["foo.example:8080", /a name has no port, .* VIRTUAL_PORT; write foo\.example$/],
  ["'https://foo.example:8443/x'", /quotes .*, a name has no scheme, .*; write foo\.example$/],
  ["VIRTUAL_HOST=foo.example", /the name of the variable is part of the value; write foo\.example$/],
  ["Host(`foo.example`)", /a rule of Traefik.*; write foo\.example$/],
  ["[foo.example]", /brackets are part of the value; write foo\.example$/],
  ["*foo.example", /a wildcard is a whole label; write \*\.foo\.example$/],
  ["foo..example", /a label is empty; write foo\.example$/],
  ["foo\u200b.example:80", /invisible characters, .*; write foo\.example$/],
  ["${DOMAIN}", /a variable that was not replaced; write its value$/],
  ["a.*.example", /a wildcard replaces only the first or the last label/],
  ["*", /does not name a host; to serve unknown names, set `nginx\.defaultHost`/],
  ["_", /does not name a host; to serve unknown names, set `nginx\.defaultHost`/],
];

describe("a host name that cannot be used is reported with what to write", () => {
  for (const [value, message] of HOSTS) {
    test(JSON.stringify(value), () => {
      const text = explained({ VIRTUAL_HOST: value }).explain("app");
      assert.match(text, message);
      assert.match(text, /^[\x20-\x7e\n]+$/);
    });
  }
  test("also as a key of VIRTUAL_HOST_MULTIPORTS", () => {
    const text = explained({ VIRTUAL_HOST_MULTIPORTS: '{"https://foo.example/": {}}' }).explain("app");
    assert.match(text, /a name has no scheme, .*; write foo\.example$/);
  });
});

const PORTS: readonly [value: string, message: RegExp][] = [
  ["8080,50000", /VIRTUAL_HOST_MULTIPORTS=\{"a\.example":\{"\/":\{"port":8080\},"\/path1\/":\{"port":50000\}\}\}$/],
  ["8080 50000", /write VIRTUAL_HOST_MULTIPORTS=/],
  ["8080/tcp", /a port has no protocol; write 8080$/],
  ["80:8080", /the port of the Docker host is not needed; write 8080$/],
  ["127.0.0.1:80:8080", /the port of the Docker host is not needed; write 8080$/],
  ["'8080'", /quotes are part of the value; write 8080$/],
  [":8080", /a port is a number only; write 8080$/],
  ["08080", /a port has no sign or leading zero; write 8080$/],
  ["${PORT}", /a variable that was not replaced; write its value$/],
  ["70000", /not a port number from 1 to 65535; correct it/],
];

describe("a port that cannot be used is reported with what to write", () => {
  for (const [value, message] of PORTS) {
    test(JSON.stringify(value), () =>
      assert.match(explained({ VIRTUAL_HOST: "a.example", VIRTUAL_PORT: value }).explain("app"), message),
    );
  }
});

test("quotes around any option are named", () => {
  const quoted: readonly Record<string, string>[] = [
    { HTTPS_METHOD: '"noredirect"' },
    { VIRTUAL_PATH: "'/app/'" },
    { VIRTUAL_PROTO: '"https"' },
  ];
  for (const env of quoted) {
    const text = explained({ VIRTUAL_HOST: "a.example", ...env }).explain("app");
    assert.match(text, /quotes are part of the value; remove the quotes/);
  }
  const closed = explained({ VIRTUAL_HOST: "a.example", NETWORK_ACCESS: "'internal'" }).explain("app");
  assert.match(closed, /remove the quotes; until then nginx responds with 503/);
});

test("blanks and line breaks around entries are ignored", () => {
  const one = explained({
    VIRTUAL_HOST: " a.example ,\n\tb.example,\r\n , ",
    VIRTUAL_PORT: "80 \n",
    HTTPS_METHOD: "noredirect\n",
  });
  assert.deepEqual(one.hosts, ["a.example", "b.example"]);
});

test("names are accepted as nginx accepts them", () => {
  const names = ["*.localhost", "my_app.test", "_.example", "web_1", "a-.example", "_dmarc.b.example", "*.my_app.test"];
  const one = explained({ VIRTUAL_HOST: [...names, ".cozy.example", ".B\u00fccher.example"].join(",") });
  const dotted = ["cozy.example", "*.cozy.example", "xn--bcher-kva.example", "*.xn--bcher-kva.example"];
  assert.deepEqual(one.hosts, [...names, ...dotted].toSorted());
});

test("every name of a long list is routed, and `explain` of a name beyond the limit names the container", () => {
  const names = Array.from({ length: 120 }, (_, index) => `h${index}.example`);
  assert.equal(explained({ VIRTUAL_HOST: names.join(",") }).hosts.length, 120);
  const limited = [known(container("a", { name: "app", ...WEB, env: { VIRTUAL_HOST: names.join(",") } }))];
  const text = new Explained(limited, { maxRoutes: 100 }).explain("h110.example");
  assert.match(
    text,
    /requested by container app: .*has 120 host names, of which the first 100 are used; raise `maxRoutes`/,
  );
  const paths = Object.fromEntries(names.map((name) => [name, { "/": { port: 80 } }]));
  const many = known(container("a", { name: "app", ...WEB, env: { VIRTUAL_HOST_MULTIPORTS: JSON.stringify(paths) } }));
  assert.equal(new Explained([many]).hosts.length, 120);
  assert.match(
    new Explained([many], { maxRoutes: 100 }).explain("h110.example"),
    /container app: .*more than 100 paths/,
  );
});

test("`explain` of a name that is not routed names the container that requests it", () => {
  const queries: readonly [Record<string, string>, Partial<Container>, RegExp][] = [
    [{ VIRTUAL_HOST: "a.example,b.example:80" }, {}, /requested by container app: .*write b\.example/],
    [{ VIRTUAL_HOST: "b.example:80", VIRTUAL_PORT: "x" }, {}, /requested by container app: /],
    [
      { VIRTUAL_HOST: "b.example:80,b.example" },
      { state: "created" },
      /no such|requested by container app: is created/,
    ],
  ];
  for (const [env, changes, message] of queries) assert.match(explained(env, changes).explain("b.example:80"), message);
  const created = explained({ VIRTUAL_HOST: "b.example" }, { state: "created" }).explain("B.example");
  assert.match(created, /^host B\.example\n {2}not routed\n {2}requested by container app: is created/);
});

const ENV_FILE = { VIRTUAL_HOST: "shop.example" };

describe("replicas of a host", () => {
  test("another service on another port is not a replica, whichever was created first", () => {
    for (const order of [
      [80, 9_000, 5_432],
      [5_432, 9_000, 80],
    ]) {
      const all = order.map((port) => serviceOf(`on${port}`, [port]));
      const one = new Explained(all);
      assert.deepEqual(one.serving(), ["shop-on80-1"]);
      const message =
        /shop\.example is served by service on80 of project shop on port 80, and service on5432 of project shop on port 5432 is not a replica of it; .*env_file/;
      assert.match(one.explain("shop-on5432-1"), message);
      assert.match(one.explain("shop.example"), /ignored: container shop-on9000-1: /);
    }
  });

  test("a service that does not expose the named port is not a replica", () => {
    const env = { ...ENV_FILE, VIRTUAL_PORT: "3000" };
    const one = new Explained([serviceOf("db", [5_432], { env }), serviceOf("web", [3_000], { env })]);
    assert.deepEqual(one.serving(), ["shop-web-1"]);
  });

  test("a database does not serve the host while the web service is stopped", () => {
    const web = serviceOf("web", [80]);
    const one = new Explained([serviceOf("db", [5_432]), web]);
    one.apply({ upserted: [{ ...web, container: { ...web.container, state: "exited" } }], gone: [] });
    assert.deepEqual(one.serving(), []);
    assert.match(
      one.explain("shop.example"),
      /503: no container is available[^]*unavailable: container shop-web-1: is exited/,
    );
  });

  test("containers of one service are, on any port, and services on one port are, with a warning", () => {
    const scaled = new Explained([serviceOf("web", [80]), serviceOf("web", [8_080], { name: "shop-web-2" })]);
    assert.deepEqual(scaled.serving(), ["shop-web-1", "shop-web-2"]);
    const colours = new Explained([serviceOf("blue", [80]), serviceOf("green", [80])]);
    assert.deepEqual(colours.serving(), ["shop-blue-1", "shop-green-1"]);
    assert.match(
      colours.explain("shop-green-1"),
      /go to service green of project shop and service blue of project shop/,
    );
    const labels = { "sallyport.replica": "true" };
    const confirmed = new Explained([serviceOf("blue", [80]), serviceOf("green", [8_080], { labels })]);
    assert.deepEqual(confirmed.serving(), ["shop-blue-1", "shop-green-1"]);
    assert.doesNotMatch(confirmed.explain("shop-green-1"), /go to service/);
  });

  test("one-off containers are not replicas unless a label makes them one", () => {
    const oneOff = { "com.docker.compose.oneoff": "True" };
    const web = serviceOf("web", [80]);
    const task = serviceOf("web", [80], { name: "shop-web-run-1", labels: oneOff });
    const one = new Explained([web, task]);
    assert.deepEqual(one.serving(), ["shop-web-1"]);
    assert.match(one.explain("shop-web-run-1"), /is a one-off container of `docker compose run`; set the label/);
    const labels = { ...oneOff, "sallyport.replica": "true" };
    const allowed = new Explained([web, serviceOf("web", [80], { name: "shop-web-run-2", labels })]);
    assert.deepEqual(allowed.serving(), ["shop-web-1", "shop-web-run-2"]);
    const excluded = new Explained([
      web,
      serviceOf("web", [80], { name: "x", labels: { "sallyport.replica": "false" } }),
    ]);
    assert.deepEqual(excluded.serving(), ["shop-web-1"]);
  });
});

describe("ports", () => {
  const strict = (changes: Partial<Container>, env: Record<string, string> = {}): Explained =>
    new Explained(
      [known(container("a", { name: "app", ...WEB, env: { VIRTUAL_HOST: "a.example", ...env }, ...changes }))],
      {
        onlyExposed: true,
      },
    );

  test("a named port need not be exposed", () => {
    assert.deepEqual(strict({ ports: [] }, { VIRTUAL_PORT: "8000" }).serving("a.example"), ["app"]);
    const multiports = { VIRTUAL_HOST_MULTIPORTS: "a.example: {/: {port: 8000}}" };
    assert.deepEqual(strict({ ports: [] }, multiports).serving("a.example"), ["app"]);
    assert.match(
      strict({ ports: [] }).explain("a.example"),
      /exposes no TCP port and has no VIRTUAL_PORT; set VIRTUAL_PORT/,
    );
  });

  test("a long list of ports is abbreviated, and ports beyond the limit are counted", () => {
    const ports = Array.from({ length: 100 }, (_, index) => ({ port: 2_000 + index, proto: "tcp" as const }));
    const odd = Array.from({ length: 20 }, (_, index) => ({ port: 5_000 + 2 * index, proto: "tcp" as const }));
    const text = strict({ ports: [...ports, ...odd], unlistedPorts: 7 }).explain("app");
    assert.match(text, /TCP ports 2000-2099, 5000, 5002, 5004, 5006, 5008, 5010, 5012 and 13 others \(and 7 ports /);
  });
});

describe("containers that cannot receive requests", () => {
  const at = Date.UTC(2026, 0, 1, 12);
  const healthCheck = { everyMs: 300_000, firstAt: at };
  const cases: readonly [title: string, changes: Partial<Container>, message: RegExp][] = [
    [
      "before the first health check",
      { health: "starting", healthCheck },
      /health check yet, which runs every 5m, first at 2026-01-01 12:00:00 UTC; .*sallyport\.health=started/,
    ],
    ["unhealthy", { health: "unhealthy", healthCheck }, /runs every 5m; .*sallyport\.health=ignored/],
    ["stopping", { stopping: true, stoppingUntil: at }, /counts as stopping until 2026-01-01 12:00:00 UTC/],
    [
      "in Docker's restart loop",
      { state: "restarting", networks: [{ name: "front" }] },
      /is restarting: Docker starts it/,
    ],
  ];
  for (const [title, changes, message] of cases) {
    test(title, () => {
      const all = [known(container("a", { name: "app", ...WEB, env: { VIRTUAL_HOST: "a.example" }, ...changes }))];
      for (const sharedHosts of [false, true]) {
        const one = new Explained(all, { sharedHosts });
        assert.deepEqual([one.hosts, one.serving("a.example")], [["a.example"], []]);
        assert.match(one.explain("a.example"), message);
      }
    });
  }
});

describe("a container that uses the network of another one", () => {
  const vpn = container("b", { name: "vpn", env: {}, networks: [FRONT] });
  const app = container("a", { name: "app", joins: vpn.id, env: { VIRTUAL_HOST: "a.example", VIRTUAL_PORT: "8080" } });

  test("is reached at the address of that container, and follows its changes", () => {
    const one = new Explained([known(app)]);
    assert.match(one.explain("a.example"), /uses the network of container b{12}, which the agent does not disclose/);
    one.apply({ upserted: [known(vpn)], gone: [] });
    assert.match(one.explain("a.example"), /10\.0\.0\.1:8080 {2}container app/);
    one.apply({ upserted: [known({ ...vpn, state: "exited", networks: [{ name: "front" }] })], gone: [] });
    assert.match(one.explain("a.example"), /uses the network of container vpn, which is exited; start that container/);
    one.apply({ upserted: [known({ ...vpn, networks: [{ name: "front", ipv4: "10.0.0.7" }] })], gone: [] });
    assert.match(one.explain("a.example"), /10\.0\.0\.7:8080 {2}container app/);
    one.apply({ upserted: [], gone: [known(vpn)] });
    assert.deepEqual(one.serving("a.example"), []);
  });

  test("also if that container uses another one's", () => {
    const middle = container("c", { name: "middle", env: {}, joins: vpn.id });
    const last = { ...app, joins: middle.id };
    const one = new Explained([known(last), known(middle)]);
    one.apply({ upserted: [known(vpn)], gone: [] });
    assert.match(one.explain("a.example"), /10\.0\.0\.1:8080 {2}container app/);
    const loop = new Explained([known({ ...app, joins: app.id })]);
    assert.deepEqual(loop.serving("a.example"), []);
  });
});

describe("a container without VIRTUAL_HOST is reported with where to write it", () => {
  const unknown = (from: "env" | "label", name: string) => ({
    refused: [{ from, name, reason: "name.unknown" as const }],
  });
  const cases: readonly [title: string, env: Record<string, string>, changes: Partial<Container>, message: RegExp][] = [
    ["nothing", {}, {}, /has no VIRTUAL_HOST; .*under `environment`.*`labels` of the service \(not under `deploy`/],
    [
      "virtual_host",
      {},
      unknown("env", "virtual_host"),
      /virtual_host: is not a variable.*set VIRTUAL_HOST under `environment`/,
    ],
    ["VIRTUALHOST", {}, unknown("env", "VIRTUALHOST"), /VIRTUALHOST: is not a variable.*set VIRTUAL_HOST/],
    ["VIRTUAL_HOSTS", {}, unknown("env", "VIRTUAL_HOSTS"), /set VIRTUAL_HOST under/],
    [
      "a label VIRTUAL_HOST",
      {},
      unknown("label", "VIRTUAL_HOST"),
      /is not a label of Sallyport; set VIRTUAL_HOST under `environment`, or the label `sallyport\.host`/,
    ],
    [
      "a label sallyport.hosts",
      {},
      unknown("label", "sallyport.hosts"),
      /sallyport\.hosts: is not an option, but sallyport\.host is/,
    ],
    ["an empty variable", { VIRTUAL_HOST: " " }, {}, /VIRTUAL_HOST is empty; write a name/],
  ];
  for (const [title, env, changes, message] of cases)
    test(title, () => assert.match(explained(env, changes).explain("app"), message));
});
