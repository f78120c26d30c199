import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { type HostName, parseHost } from "../../../renderer/routes/grammar.ts";
import { HostOwners, MAX_OWNED_BY_ONE } from "../../../renderer/routes/host-owners.ts";
import type { Reservation, RouteRules, StaticRoute } from "../../../renderer/routes/route-rules.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container } from "../fake-agent.ts";
import { serverOf } from "./request.ts";

const RULES: RouteRules = { proxy: { kind: "host" }, onlyExposed: false };
const HOUR = 3_600_000;

let made = 0;

/** A running container that requests `hosts`. Without a project it was started by `docker run`. */
function app(name: string, hosts: string, project?: string, changes: Partial<Container> = {}): InventoryContainer {
  made += 1;
  return {
    agent: "/a.sock",
    dockerHost: "one",
    container: container("a", {
      id: made.toString(16).padStart(64, "0"),
      name,
      createdAt: made,
      env: { VIRTUAL_HOST: hosts },
      networks: [{ name: "front", ipv4: `10.0.${made >> 8}.${made & 255}` }],
      ...changes,
      labels: { ...(project !== undefined && composeLabels(project)), ...changes.labels },
    }),
  };
}

function reserve(suffix: string, ...projects: string[]): Reservation {
  const host = parseHost(suffix);
  assert.ok(host.kind === "ok");
  return { suffix: host.value, projects };
}

/** A table whose clock the test sets. */
class Table {
  now = 0;
  readonly owners = new HostOwners({ leaseMs: HOUR, clock: () => this.now });
  readonly table: RouteTable;

  constructor(rules: Partial<RouteRules> = {}) {
    this.table = new RouteTable({ ...RULES, ...rules }, this.owners);
    this.table.recordOwners();
  }

  add(...upserted: InventoryContainer[]): this {
    this.table.apply({ upserted, gone: [] }, this.now);
    return this;
  }

  remove(...gone: InventoryContainer[]): this {
    this.table.apply({ upserted: [], gone }, this.now);
    return this;
  }

  /** Names of the containers that may receive a request for this name, as nginx would choose them. */
  serving(name: string): readonly string[] {
    return serverOf(this.table, name).containers;
  }

  reasons(name: string): string {
    const { quarantined, unrouted, remarks } = this.table.routes;
    return [...quarantined, ...unrouted, ...remarks]
      .flatMap(({ container: own, reason }) => (own === name ? [reason] : []))
      .join("\n");
  }
}

test("one container records at most `maxRoutes` names, and as many that it redirects", () => {
  const names = (letter: string, count: number) => Array.from({ length: count }, (_, at) => `${letter}${at}.example`);
  const labels = { "sallyport.redirect-from": names("r", 1_300).join(",") };
  const table = new Table().add(app("greedy", names("h", 1_030).join(","), "greedy", { labels }));
  assert.equal(table.owners.all.size, 2_000);
  assert.match(table.reasons("greedy"), /redirect-from: has 1300 host names, of which the first 1000 are used/);
});

test("one owner cannot fill the list of owners, and names that are not recorded are counted once", () => {
  const owners = new HostOwners({ leaseMs: 1_000 });
  owners.record();
  for (let at = 0; at < MAX_OWNED_BY_ONE + 2; at++)
    for (let again = 0; again < 2; again++) owners.decide(`h${at}`, ["greedy"]);
  assert.deepEqual([owners.all.size, owners.unrecorded], [MAX_OWNED_BY_ONE, 2]);
  owners.decide("other", ["modest"]);
  assert.equal(owners.all.get("other")?.owner, "modest");
  owners.release("h0");
  owners.decide(`h${MAX_OWNED_BY_ONE}`, ["greedy"]);
  assert.equal(owners.unrecorded, 1);
});

describe("what an image sets", () => {
  const borne = (name: string, labels: Record<string, string>, env: Record<string, string> = {}) =>
    app(name, "", undefined, {
      env,
      labels,
      fromImage: { read: true, env: Object.keys(env), labels: Object.keys(labels) },
    });
  const cases: readonly [title: string, labels: Record<string, string>, env: Record<string, string>, host: string][] = [
    ["VIRTUAL_HOST", {}, { VIRTUAL_HOST: "a.example" }, "a.example"],
    ["sallyport.host", { "sallyport.host": "a.example" }, {}, "a.example"],
    ["VIRTUAL_HOST_MULTIPORTS", {}, { VIRTUAL_HOST_MULTIPORTS: "a.example: {/: {port: 80}}" }, "a.example"],
    ["sallyport.multiports", { "sallyport.multiports": "a.example:" }, {}, "a.example"],
  ];
  for (const [name, labels, env, host] of cases) {
    test(`${name} requests nothing, and the message states what to do`, () => {
      const table = new Table().add(borne("foreign", labels, env));
      assert.deepEqual(table.serving(host), []);
      const reason = table.reasons("foreign");
      assert.ok(reason.startsWith(`${name}: value `), reason);
      assert.match(reason, /set by the image, .*; set .*label.* or allow it by `containersMay: \[imageValues\]`/);
    });

    test(`${name} counts with the permission imageValues`, () => {
      const table = new Table({ permissions: new Set(["imageValues"]) }).add(borne("own", labels, env));
      assert.deepEqual(table.serving(host), ["own"]);
    });
  }

  test("redirect-from redirects nothing", () => {
    const table = new Table().add(
      app("foreign", "b.example", undefined, {
        labels: { "sallyport.redirect-from": "a.example" },
        fromImage: { read: true, env: [], labels: ["sallyport.redirect-from"] },
      }),
    );
    assert.equal(serverOf(table.table, "a.example").host, undefined);
    assert.match(table.reasons("foreign"), /sallyport\.redirect-from: value "a\.example": set by the image/);
  });

  test("a setting that needs permission needs also imageValues", () => {
    const hsts = (permissions: readonly ("hsts" | "imageValues")[]) => {
      const fromImage = { read: true, env: ["HSTS"], labels: [] };
      const env = { VIRTUAL_HOST: "a.example", HSTS: "off" };
      const table = new Table({ permissions: new Set(permissions) });
      return table.add(app("a", "", "shop", { env, fromImage })).table.routes.virtualHosts[0]?.options.hsts;
    };
    assert.equal(hsts(["hsts"]), undefined);
    assert.equal(hsts(["hsts", "imageValues"]), "off");
  });

  test("port and protocol count, because they concern the container itself", () => {
    const env = { VIRTUAL_HOST: "a.example", VIRTUAL_PORT: "5000", VIRTUAL_PROTO: "grpc" };
    const fromImage = { read: true, env: ["VIRTUAL_PORT", "VIRTUAL_PROTO"], labels: [] };
    const [host] = new Table().add(app("a", "", undefined, { env, fromImage })).table.routes.virtualHosts;
    assert.deepEqual(
      host?.paths.map(({ protocol, servers }) => [protocol, servers[0]?.port]),
      [["grpc", 5000]],
    );
  });

  test("does not hide what the operator sets by another name", () => {
    const fromImage = { read: true, env: [], labels: ["sallyport.host"] };
    const labels = { "sallyport.host": "image.example" };
    const table = new Table().add(app("a", "a.example", undefined, { labels, fromImage }));
    assert.deepEqual(table.serving("a.example"), ["a"]);
    assert.deepEqual(table.serving("image.example"), []);
  });

  test("counts as everything while the agent cannot inspect the image, and the message states it", () => {
    const fromImage = { read: false, env: [], labels: [] };
    const table = new Table().add(app("a", "a.example", "shop", { fromImage }));
    assert.deepEqual(table.serving("a.example"), []);
    assert.match(
      table.reasons("a"),
      /VIRTUAL_HOST: value "a\.example": .*could not inspect the image; see the agent's/,
    );
  });

  for (const permissions of [[], ["imageValues"]] as const) {
    test(`never makes a container part of a project (containersMay: [${permissions.join()}])`, () => {
      const labels = composeLabels("shop");
      const shop = app("shop", "shop.example", "shop");
      const foreign = app("foreign", "shop.example,b.shop.example", undefined, {
        labels,
        fromImage: { read: true, env: [], labels: Object.keys(labels) },
      });
      const rules = { permissions: new Set(permissions), owners: [reserve("b.shop.example", "shop")] };
      const table = new Table(rules).add(shop, foreign);
      assert.deepEqual(table.serving("shop.example"), ["shop"]);
      assert.deepEqual(table.serving("b.shop.example"), []);
    });
  }
});

describe("nginx's container", () => {
  const rules = { proxy: { kind: "label", name: "sallyport.proxy", value: "true" } } as const;
  const marked = (name: string, network: string, changes: Partial<Container> = {}) =>
    app(name, "", undefined, {
      env: {},
      labels: { "sallyport.proxy": "true" },
      networks: [{ name: network, ipv4: "10.9.0.1" }],
      ...changes,
    });
  const blocked = (table: Table): string => table.table.blocked ?? "";

  for (const state of ["created", "exited", "paused", "dead"] as const) {
    test(`is not a container that is ${state}, although it is older`, () => {
      const table = new Table(rules).add(marked("foreign", "evil", { state }), marked("nginx", "front"));
      assert.deepEqual(table.add(app("a", "a.example")).serving("a.example"), ["a"]);
    });
  }

  test("is not a container whose image has the label", () => {
    const fromImage = { read: true, env: [], labels: ["sallyport.proxy"] };
    const foreign = marked("foreign", "evil", { fromImage });
    const table = new Table({ ...rules, permissions: new Set(["imageValues"]) }).add(foreign);
    assert.match(blocked(table), /no running container has the label sallyport\.proxy=true, set on the container/);
    assert.deepEqual(table.add(marked("nginx", "front"), app("a", "a.example")).serving("a.example"), ["a"]);
  });

  test("is unknown while containers of two owners on different networks have the label from the start", () => {
    const table = new Table(rules).add(marked("nginx", "front"), marked("foreign", "evil"));
    assert.match(
      blocked(table),
      /^several containers with different networks are nginx by `proxy`: foreign on one \(evil\), nginx on one \(front\); remove the label sallyport\.proxy=true from all but nginx's/,
    );
    assert.equal(table.table.wanted.kind, "blocked");
  });

  test("stays the container of the first owner: another one with the label takes no host away", () => {
    const [nginx, foreign, one] = [marked("nginx", "front"), marked("foreign", "evil"), app("a", "a.example")];
    const table = new Table(rules).add(nginx, one).add(foreign);
    assert.deepEqual([blocked(table), table.serving("a.example")], ["", ["a"]]);
    table.remove(nginx);
    assert.match(
      blocked(table),
      /nginx's container belongs to container nginx on one, .*but foreign \(container foreign on one\) does; start nginx, or run `sallyport-renderer release :proxy`/,
    );
    assert.deepEqual(table.serving("a.example"), ["a"]);
    table.add(marked("nginx", "front"));
    assert.deepEqual([blocked(table), table.serving("a.example")], ["", ["a"]]);
  });

  test("may belong to another owner after the operator has released it", () => {
    const [nginx, one] = [marked("nginx", "front"), app("a", "a.example")];
    const table = new Table(rules).add(nginx, one).remove(nginx);
    table.add(marked("moved", "front"));
    assert.notEqual(blocked(table), "");
    table.table.release(":proxy" as HostName, 0);
    assert.deepEqual([blocked(table), table.serving("a.example")], ["", ["a"]]);
  });

  test("is of the renderer's own project, if that has one with the label, from the start", () => {
    const labels = { ...composeLabels("proxy"), "sallyport.proxy": "true" };
    const [foreign, renderer] = [marked("foreign", "evil"), app("renderer", "", "proxy", { env: {} })];
    const table = new Table({ ...rules, ownId: renderer.container.id.slice(0, 64) });
    table.add(foreign, app("a", "a.example"), renderer).add(marked("nginx", "front", { labels }));
    assert.deepEqual([blocked(table), table.serving("a.example")], ["", ["a"]]);
  });

  test("may be several containers with the same networks", () => {
    const table = new Table(rules).add(marked("one", "front"), marked("two", "front"), app("a", "a.example"));
    assert.deepEqual(table.serving("a.example"), ["a"]);
  });

  test("is reported as stopped when it is", () => {
    const table = new Table(rules).add(marked("nginx", "front", { state: "exited" }));
    assert.match(blocked(table), /nginx's container does not run: nginx is exited; start it/);
  });
});

describe("a reserved suffix", () => {
  const rules = { owners: [reserve("shop.example.org", "shop"), reserve("example.org", "site")] };
  const cases: readonly [host: string, project: string | undefined, isAllowed: boolean][] = [
    ["shop.example.org", "shop", true],
    ["a.shop.example.org", "shop", true],
    ["*.shop.example.org", "shop", true],
    ["a.shop.example.org", "site", false],
    ["a.shop.example.org", undefined, false],
    ["*.a.shop.example.org", "other", false],
    ["*.example.org", "site", true],
    ["*.example.org", "shop", false],
    ["*.example.org", "other", false],
    ["www.example.org", "site", true],
    ["www.*", "site", false],
    ["~^a[.]x", "site", false],
    ["elsewhere.test", "other", true],
    ["*.other.test", undefined, true],
    ["notshop.test", "other", true],
  ];
  for (const [host, project, isAllowed] of cases) {
    for (const how of ["VIRTUAL_HOST", "redirect-from", "multiports"]) {
      if (how === "redirect-from" && host.startsWith("~")) continue;
      test(`${project ?? "a container without project"} ${isAllowed ? "may" : "may not"} request ${host} by ${how}`, () => {
        const labels: Record<string, string> =
          how === "redirect-from"
            ? { "sallyport.redirect-from": host, "sallyport.host": "target.test" }
            : how === "multiports"
              ? { "sallyport.multiports": JSON.stringify({ [host]: null }) }
              : { "sallyport.host": host };
        const table = new Table({ ...rules, permissions: new Set(["regex"]) });
        table.add(app("a", "", project, { env: {}, labels }));
        assert.equal(
          table.table.routes.virtualHosts.some((one) => one.host === host),
          isAllowed,
        );
        if (!isAllowed) assert.match(table.reasons("a"), /is reserved for .*compose projects/);
      });
    }
  }

  test("a regular expression of a project that owns every suffix is allowed", () => {
    const owners = [reserve("shop.example.org", "shop")];
    const table = new Table({ owners, permissions: new Set(["regex"]) }).add(app("a", "~^x[.]t", "shop"));
    assert.deepEqual(table.serving("x.test"), ["a"]);
    assert.deepEqual(table.serving("x.shop.example.org"), []);
  });

  test("names below it that no container requests are served by no wildcard above it", () => {
    const table = new Table(rules).add(app("site", "*.example.org", "site"), app("shop", "a.shop.example.org", "shop"));
    assert.deepEqual(table.serving("b.example.org"), ["site"]);
    assert.deepEqual(table.serving("a.shop.example.org"), ["shop"]);
    for (const name of ["shop.example.org", "b.shop.example.org", "c.b.shop.example.org"])
      assert.deepEqual(table.serving(name), []);
  });
});

describe("a host name", () => {
  test("stays with its project when an older container of another project requests it", () => {
    const elder = app("elder", "a.example", "thief");
    const table = new Table().add(app("first", "a.example", "shop")).add(elder);
    assert.deepEqual(table.serving("a.example"), ["first"]);
    assert.match(
      table.reasons("elder"),
      /a\.example belongs to project shop, .*`sallyport-renderer release a\.example`/,
    );
  });

  test("is quoted in the command that releases it", () => {
    for (const [host, argument] of [
      ["~^$(id)'x", String.raw`'~^$(id)'\''x'`],
      ["*.x.test", "'*.x.test'"],
    ] as const) {
      const table = new Table({ permissions: new Set(["regex"]) });
      table.add(app("first", host, "shop")).add(app("second", host, "thief"));
      assert.ok(table.reasons("second").includes(`\`sallyport-renderer release ${argument}\``));
    }
  });

  test("returns 503 while its owner has no container, and goes to no wildcard", () => {
    const [first, thief] = [app("first", "a.x.test", "shop"), app("thief", "a.x.test,*.x.test", "thief")];
    const table = new Table().add(first).add(thief).remove(first);
    assert.deepEqual(table.serving("a.x.test"), []);
    assert.deepEqual(table.serving("b.x.test"), ["thief"]);
    table.add(app("again", "a.x.test", "shop"));
    assert.deepEqual(table.serving("a.x.test"), ["again"]);
  });

  test("goes to the next container that requests it when the lease is over", () => {
    const [first, next] = [app("first", "a.example", "shop"), app("next", "a.example", "blog")];
    const table = new Table().add(first, next).remove(first);
    assert.equal(table.table.nextLeaseEnd, HOUR);
    table.now = HOUR - 1;
    table.table.expire(table.now);
    assert.deepEqual(table.serving("a.example"), []);
    table.now = HOUR;
    table.table.expire(table.now);
    assert.deepEqual(table.serving("a.example"), ["next"]);
    assert.equal(table.table.nextLeaseEnd, undefined);
  });

  test("is forgotten when the lease is over and nothing requests it", () => {
    const first = app("first", "a.example", "shop");
    const table = new Table().add(first).remove(first);
    table.now = HOUR;
    table.table.expire(table.now);
    assert.equal(table.owners.all.size, 0);
  });

  test("goes to the next container when the operator releases it", () => {
    const [first, next] = [app("first", "a.example", "shop"), app("next", "a.example", "blog")];
    const table = new Table().add(first, next).remove(first);
    const name = parseHost("a.example");
    assert.ok(name.kind === "ok");
    assert.equal(table.table.release(name.value, 0).owner, "project shop");
    assert.deepEqual(table.serving("a.example"), ["next"]);
    assert.equal(table.owners.all.get("a.example")?.owner, "project blog");
  });

  for (const state of ["exited", "dead", "restarting"] as const) {
    test(`returns 503 while its container is ${state}`, () => {
      const first = app("first", "a.x.test", "shop");
      const table = new Table().add(first).add(app("thief", "a.x.test,*.x.test", "thief"));
      table.add({ ...first, container: { ...first.container, state } });
      assert.deepEqual(table.serving("a.x.test"), []);
      assert.equal(serverOf(table.table, "a.x.test").host, "a.x.test");
    });
  }

  test("is never decided by a stopped container while another one of its owner runs", () => {
    const stopped = app("stopped", "a.example", "shop", { state: "exited", labels: { "sallyport.proto": "grpc" } });
    const table = new Table().add(stopped, app("runs", "a.example", "shop"));
    assert.deepEqual(table.serving("a.example"), ["runs"]);
    assert.doesNotMatch(table.reasons("runs"), /conflict/);
  });

  test("is not taken by a container that never ran", () => {
    const created = app("created", "a.example", "thief", { state: "created" });
    assert.deepEqual(
      new Table()
        .add(created)
        .add(app("a", "a.example", "shop"))
        .serving("a.example"),
      ["a"],
    );
  });

  test("is redirected by its owner only, and with 302 unless permanent redirects are allowed", () => {
    const redirecting = (name: string, project: string) =>
      app(name, `${name}.example`, project, { labels: { "sallyport.redirect-from": "www.example" } });
    const redirectOf = (table: Table) => {
      const { redirectTo, redirectStatus } = table.table.routes.virtualHosts.find(
        ({ host }) => host === "www.example",
      )!;
      return `${redirectStatus} ${redirectTo}`;
    };
    const [first, thief] = [redirecting("first", "shop"), redirecting("thief", "thief")];
    assert.equal(redirectOf(new Table().add(first).add(thief)), "302 first.example");
    assert.equal(
      redirectOf(new Table({ permissions: new Set(["permanentRedirects"]) }).add(first)),
      "301 first.example",
    );
    const table = new Table().add(first).add(thief, app("serves", "www.example", "thief"));
    assert.deepEqual(table.serving("www.example"), []);
  });

  test("is decided by age until every agent has reported", () => {
    const elder = app("elder", "a.example", "shop");
    const younger = app("younger", "a.example", "blog");
    const table = new RouteTable(RULES, new HostOwners({ leaseMs: HOUR }));
    table.apply({ upserted: [younger], gone: [] });
    table.apply({ upserted: [elder], gone: [] });
    table.recordOwners();
    assert.deepEqual(serverOf(table, "a.example").containers, ["elder"]);
  });

  test("keeps its recorded owner across a restart, without a container too", () => {
    const recorded = new Map([["a.x.test", { owner: "project shop" }]]);
    const table = new RouteTable(RULES, new HostOwners({ leaseMs: HOUR, recorded }));
    table.apply({ upserted: [app("thief", "a.x.test,*.x.test", "thief")], gone: [] });
    table.recordOwners();
    assert.deepEqual(serverOf(table, "a.x.test").containers, []);
    assert.deepEqual(serverOf(table, "b.x.test").containers, ["thief"]);
  });
});

describe("containers without a project", () => {
  test("do not join each other's hosts", () => {
    const table = new Table().add(app("one", "a.example"), app("two", "a.example"));
    assert.deepEqual(table.serving("a.example"), ["one"]);
    assert.match(table.reasons("two"), /a\.example belongs to container one on one, .*`sharedHosts: true`/);
  });

  test("are the same owner when they are created again with the same name", () => {
    const one = app("one", "a.example");
    const table = new Table().add(one).remove(one).add(app("other", "a.example"), app("one", "a.example"));
    assert.deepEqual(table.serving("a.example"), ["one"]);
  });

  test("are replicas with `sharedHosts`, as nginx-proxy's users expect", () => {
    const table = new Table({ sharedHosts: true }).add(app("one", "a.example"), app("two", "a.example", "shop"));
    assert.deepEqual(table.serving("a.example"), ["one", "two"]);
    assert.equal(table.owners.all.size, 0);
  });

  test("do not join a project, and a project does not join them", () => {
    const table = new Table().add(app("one", "a.example"), app("shop", "b.example", "shop"));
    table.add(app("two", "b.example"), app("thief", "a.example", "shop"));
    assert.deepEqual([table.serving("a.example"), table.serving("b.example")], [["one"], ["shop"]]);
  });
});

describe("a static route", () => {
  const parsed = parseHost("nas.example");
  assert.ok(parsed.kind === "ok");
  const route = {
    host: parsed.value,
    path: { kind: "", text: "/" },
    protocol: "http",
    servers: [{ address: "10.1.1.1", port: 81 }],
    hostOptions: {},
    pathOptions: {},
  } as unknown as StaticRoute;
  const staticRoutes = [route];

  for (const sharedHosts of [false, true]) {
    for (const project of [undefined, "shop"]) {
      test(`is joined by no container of ${project ?? "no project"} (sharedHosts: ${sharedHosts})`, () => {
        const table = new Table({ sharedHosts, staticRoutes }).add(app("a", "nas.example", project));
        assert.deepEqual(table.serving("nas.example"), ["route-1"]);
        assert.match(table.reasons("a"), /belongs to a static route of the configuration; /);
      });
    }
  }

  test("shares its host, but not its path, with the projects for which the name is reserved", () => {
    const owners = [reserve("nas.example", "shop")];
    const table = new Table({ staticRoutes, owners });
    const path = { labels: { "sallyport.path": "/shop/" } };
    table.add(app("a", "nas.example", "shop", path), app("thief", "nas.example", "thief", path));
    const [host] = table.table.routes.virtualHosts;
    assert.deepEqual(
      host?.paths.map(({ path: { text }, servers }) => [text, servers.map((one) => one.container)]),
      [
        ["/", ["route-1"]],
        ["/shop/", ["a"]],
      ],
    );
  });
});

describe("the containers of an agent that has been disconnected for longer than `staleAfter`", () => {
  test("receive no requests, and do again when the agent is back", () => {
    const table = new Table().add(app("a", "a.example", "shop"), app("b", "*.x.test", "blog"));
    table.table.setAbsent(new Set(["/a.sock"]), 0);
    assert.deepEqual(table.serving("a.example"), []);
    assert.equal(serverOf(table.table, "a.example").host, "a.example");
    assert.match(table.reasons("a"), /its agent has been disconnected for longer than `staleAfter`.*; start the agent/);
    table.table.setAbsent(new Set(), 0);
    assert.deepEqual(table.serving("a.example"), ["a"]);
  });
});
