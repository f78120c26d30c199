import assert from "node:assert/strict";
import { test } from "node:test";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import { container } from "../fake-agent.ts";

const conflicts = (table: RouteTable): [container: string, reason: string][] =>
  table.routes.remarks.flatMap(({ container: name, code, reason }) =>
    code === "port.contested" ? [[name, reason]] : [],
  );

test("of two hosts that request one port for plain HTTP and for TLS the older one gets it, and the other a reason", () => {
  const all = [
    app("one", { VIRTUAL_HOST: "one.example", EXTERNAL_HTTP_PORT: "9000" }, 2),
    app("two", { VIRTUAL_HOST_MULTIPORTS: "two.example: {external_https_port: 9000}" }, 1),
    app("three", { VIRTUAL_HOST: "three.example", EXTERNAL_HTTPS_PORT: "9001" }, 3),
  ];
  const why =
    "EXTERNAL_HTTP_PORT: one.example requests port 9000 for plain HTTP, but two.example requested it first for TLS; choose another port (the default port is used until then)";
  for (const inOrder of [all, all.toReversed()]) {
    const table = tableOf();
    const news = inOrder.flatMap((known) => table.apply({ upserted: [known], gone: [] }).remarks);
    assert.deepEqual(conflicts(table), [["one", why]]);
    assert.deepEqual(
      news.map((one) => one.container),
      ["one"],
    );
    assert.deepEqual(table.apply({ upserted: [app("four", { VIRTUAL_HOST: "four.example" })], gone: [] }).remarks, []);
  }
});

test("a later request for the same protocol shares the port with the older ones", () => {
  const table = tableOf();
  const tls = (name: string, createdAt: number) =>
    app(name, { VIRTUAL_HOST: `${name}.example`, EXTERNAL_HTTPS_PORT: "9000" }, createdAt);
  table.apply({
    upserted: [
      tls("old", 1),
      app("plain", { VIRTUAL_HOST: "p.example", EXTERNAL_HTTP_PORT: "9000" }, 2),
      tls("new", 3),
    ],
    gone: [],
  });
  assert.deepEqual(
    conflicts(table).map(([name]) => name),
    ["plain"],
  );
});

test("a conflict ends when a container is removed or changes its port, and is reported again when it returns", () => {
  const [one, two] = [
    app("one", { VIRTUAL_HOST: "one.example", EXTERNAL_HTTP_PORT: "9000" }, 1),
    app("two", { VIRTUAL_HOST: "two.example", EXTERNAL_HTTPS_PORT: "9000" }, 2),
  ];
  const table = tableOf();
  table.apply({ upserted: [one, two], gone: [] });
  table.apply({ upserted: [], gone: [two] });
  assert.deepEqual(conflicts(table), []);
  assert.equal(table.apply({ upserted: [two], gone: [] }).remarks.length, 1);
  table.apply({ upserted: [app("two", { VIRTUAL_HOST: "two.example", EXTERNAL_HTTPS_PORT: "9002" })], gone: [] });
  assert.deepEqual(conflicts(table), []);
});

function tableOf(): RouteTable {
  return new RouteTable({ proxy: { kind: "host" }, onlyExposed: true, permissions: new Set(["ports"] as const) });
}

function app(name: string, env: Record<string, string>, createdAt = 9): InventoryContainer {
  const networks = [{ name: "front", ipv4: "192.0.2.1" }];
  const id = Buffer.from(name).toString("hex").padEnd(64, "0");
  return {
    agent: "/a",
    dockerHost: "h",
    container: container("a", { id, name, env, createdAt, networks, ports: [{ port: 80, proto: "tcp" }] }),
  };
}
