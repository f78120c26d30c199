import assert from "node:assert/strict";
import { test } from "node:test";
import type { Known } from "../../renderer/inventory/known.ts";
import { RouteTable } from "../../renderer/routes/route-table.ts";
import { container } from "./fake-agent.ts";

const contested = (table: RouteTable): [container: string, detail: string][] =>
  table.routes.remarks.flatMap(({ name, reason, detail }) => (reason === "port.contested" ? [[name, detail]] : []));

test("two hosts that want one port for plain HTTP and for TLS are both told, by name", () => {
  const all = [
    app("one", { VIRTUAL_HOST: "one.example", EXTERNAL_HTTP_PORT: "9000" }),
    app("two", { VIRTUAL_HOST_MULTIPORTS: "two.example: {external_https_port: 9000}" }),
    app("three", { VIRTUAL_HOST: "three.example", EXTERNAL_HTTPS_PORT: "9001" }),
  ];
  const expected = [
    [
      "one",
      "EXTERNAL_HTTP_PORT: one.example wants 9000 for plain HTTP and two.example for TLS; both keep the usual ports",
    ],
    [
      "two",
      "EXTERNAL_HTTPS_PORT: two.example wants 9000 for TLS and one.example for plain HTTP; both keep the usual ports",
    ],
  ];
  for (const inOrder of [all, all.toReversed()]) {
    const table = tableOf();
    const news = inOrder.flatMap((one) => table.apply({ upserted: [one], gone: [] }).remarks);
    assert.deepEqual(contested(table), expected);
    assert.deepEqual(new Set(news.map(({ name }) => name)), new Set(["one", "two"]));
    assert.deepEqual(table.apply({ upserted: [app("four", { VIRTUAL_HOST: "four.example" })], gone: [] }).remarks, []);
  }
});

test("it is over when one of them goes or wants another port, and said anew when it comes back", () => {
  const [one, two] = [
    app("one", { VIRTUAL_HOST: "one.example", EXTERNAL_HTTP_PORT: "9000" }),
    app("two", { VIRTUAL_HOST: "two.example", EXTERNAL_HTTPS_PORT: "9000" }),
  ];
  const table = tableOf();
  table.apply({ upserted: [one, two], gone: [] });
  table.apply({ upserted: [], gone: [two] });
  assert.deepEqual(contested(table), []);
  assert.equal(table.apply({ upserted: [two], gone: [] }).remarks.length, 2);
  table.apply({ upserted: [app("two", { VIRTUAL_HOST: "two.example", EXTERNAL_HTTPS_PORT: "9002" })], gone: [] });
  assert.deepEqual(contested(table), []);
});

function tableOf(): RouteTable {
  return new RouteTable({ proxy: { kind: "host" }, onlyExposed: true, permissions: new Set(["ports"] as const) });
}

function app(name: string, env: Record<string, string>): Known {
  const networks = [{ name: "front", ipv4: "192.0.2.1" }];
  const id = Buffer.from(name).toString("hex").padEnd(64, "0");
  return {
    agent: "/a",
    host: "h",
    container: container("a", { id, name, env, networks, ports: [{ port: 80, proto: "tcp" }] }),
  };
}
