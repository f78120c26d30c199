import assert from "node:assert/strict";
import { test } from "node:test";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import { container } from "../fake-agent.ts";

const contested = (table: RouteTable): [container: string, detail: string][] =>
  table.routes.remarks.flatMap(({ name, reason, detail }) => (reason === "port.contested" ? [[name, detail]] : []));

test("of two hosts that want one port for plain HTTP and for TLS the older one has it, and the other is told by whom", () => {
  const all = [
    app("one", { VIRTUAL_HOST: "one.example", EXTERNAL_HTTP_PORT: "9000" }, 2),
    app("two", { VIRTUAL_HOST_MULTIPORTS: "two.example: {external_https_port: 9000}" }, 1),
    app("three", { VIRTUAL_HOST: "three.example", EXTERNAL_HTTPS_PORT: "9001" }, 3),
  ];
  const why =
    "EXTERNAL_HTTP_PORT: one.example wants 9000 for plain HTTP, and two.example, which is older, for TLS; it has the usual port";
  for (const inOrder of [all, all.toReversed()]) {
    const table = tableOf();
    const news = inOrder.flatMap((known) => table.apply({ upserted: [known], gone: [] }).remarks);
    assert.deepEqual(contested(table), [["one", why]]);
    assert.deepEqual(
      news.map(({ name }) => name),
      ["one"],
    );
    assert.deepEqual(table.apply({ upserted: [app("four", { VIRTUAL_HOST: "four.example" })], gone: [] }).remarks, []);
  }
});

test("whoever comes later with the same wish stands with the older ones", () => {
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
    contested(table).map(([name]) => name),
    ["plain"],
  );
});

test("it is over when one of them goes or wants another port, and said anew when it comes back", () => {
  const [one, two] = [
    app("one", { VIRTUAL_HOST: "one.example", EXTERNAL_HTTP_PORT: "9000" }, 1),
    app("two", { VIRTUAL_HOST: "two.example", EXTERNAL_HTTPS_PORT: "9000" }, 2),
  ];
  const table = tableOf();
  table.apply({ upserted: [one, two], gone: [] });
  table.apply({ upserted: [], gone: [two] });
  assert.deepEqual(contested(table), []);
  assert.equal(table.apply({ upserted: [two], gone: [] }).remarks.length, 1);
  table.apply({ upserted: [app("two", { VIRTUAL_HOST: "two.example", EXTERNAL_HTTPS_PORT: "9002" })], gone: [] });
  assert.deepEqual(contested(table), []);
});

function tableOf(): RouteTable {
  return new RouteTable({ proxy: { kind: "host" }, onlyExposed: true, permissions: new Set(["ports"] as const) });
}

function app(name: string, env: Record<string, string>, createdAt = 9): InventoryContainer {
  const networks = [{ name: "front", ipv4: "192.0.2.1" }];
  const id = Buffer.from(name).toString("hex").padEnd(64, "0");
  return {
    agent: "/a",
    host: "h",
    container: container("a", { id, name, env, createdAt, networks, ports: [{ port: 80, proto: "tcp" }] }),
  };
}
