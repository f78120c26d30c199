import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";
import { renderWith, templateGroup } from "../targets/template-group.ts";

/** Templates that route requests, with their format and label. */
const ROUTING = [
  ["haproxy.cfg", "haproxy", "haproxy.host"],
  ["Caddyfile", "caddyfile", "caddy.host"],
  ["traefik.yml", "yaml", "traefik.host"],
] as const;

interface RenderedFile {
  readonly text: string;
  readonly quarantined: readonly (readonly [name: string, detail: string])[];
}

async function print(
  template: string,
  format: (typeof ROUTING)[number][1] | "json",
  containers: readonly InventoryContainer[],
) {
  const text = readFileSync(`renderer/templates/gallery/${template}.hbs`, "utf8");
  const { text: made, quarantined } = await renderWith(templateGroup(text, format), containers);
  return {
    text: made,
    quarantined: quarantined.map(({ name, reason }) => [name, reason] as const),
  } satisfies RenderedFile;
}

function app(
  digit: string,
  labels: Readonly<Record<string, string>>,
  more: Partial<Container> = {},
): InventoryContainer {
  const networks = [{ name: "front", ipv4: `10.0.0.${digit}` }];
  const ports = [{ port: 80, proto: "tcp" as const }];
  return { agent: "/a.sock", dockerHost: "one", container: container(digit, { labels, networks, ports, ...more }) };
}

for (const [template, format, label] of ROUTING) {
  const of = (project: string) => ({
    [label]: "shop.example",
    "com.docker.compose.project": project,
    "com.docker.compose.config-hash": "0",
  });

  test(`${template}: a host belongs to the project of its oldest container, whatever the names`, async () => {
    const thief = app("1", of("thief"), { name: "aaa", createdAt: 20 });
    const owners = [app("2", of("owner"), { createdAt: 10 }), app("3", of("owner"), { createdAt: 30 })];
    const { text, quarantined } = await print(template, format, [thief, ...owners]);
    assert.deepEqual(
      quarantined.map(([name]) => name),
      ["aaa"],
    );
    assert.match(quarantined[0]![1], /belongs to another project or container, which requested it first/);
    assert.equal(text, (await print(template, format, owners)).text);
    for (const address of ["10.0.0.2:80", "10.0.0.3:80"]) assert.ok(text.includes(address), text);
  });

  test(`${template}: another spelling of a host is rejected`, async () => {
    const owner = app("2", of("owner"));
    for (const [index, host] of ["SHOP.example", "shop.example.", "shop.example:80", "http://shop.example"].entries()) {
      const thief = app("1", { [label]: host }, { name: "aaa", createdAt: index });
      const { text, quarantined } = await print(template, format, [thief, owner]);
      assert.match(quarantined.join(), /^aaa,.*must be a host name in lower case/);
      assert.equal(text, (await print(template, format, [owner])).text);
    }
  });

  test(`${template}: many invalid containers do not affect a good one`, async () => {
    const bad = Array.from({ length: 60 }, (_none, index) =>
      app("1", { [label]: `bad ${index}` }, { id: index.toString(16).padStart(64, "0"), name: `bad${index}` }),
    );
    const { text, quarantined } = await print(template, format, [...bad, app("2", of("owner"))]);
    assert.equal(quarantined.length, 60);
    assert.ok(text.includes("10.0.0.2:80"), text);
  });
}

for (const [template, format, label] of [...ROUTING, ["prometheus.json", "json", "prometheus.port"] as const]) {
  test(`${template}: an IPv6 address is written in brackets`, async () => {
    const value = label === "prometheus.port" ? "80" : "six.example";
    const six = app("6", { [label]: value }, { networks: [{ name: "front", ipv6: "fd00::6" }] });
    const { text, quarantined } = await print(template, format, [six]);
    assert.deepEqual(quarantined, []);
    assert.match(text, /[^:0-9a-f]\[fd00::6\]:80\b/);
  });
}
