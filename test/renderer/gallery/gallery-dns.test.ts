import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fc } from "../../property.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { containerView } from "../../../renderer/template/container-view.ts";
import { compileContainerTemplate } from "../../../renderer/template/container-template.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { programPath } from "../../demo/program-path.ts";
import { eventually } from "../../eventually.ts";
import { container } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { hostileText } from "../structure/hostile.ts";

const environment = { PATH: programPath() };
const TEMPLATE = "renderer/templates/gallery/dnsmasq.hosts.hbs";
const render = compileContainerTemplate({
  templates: [{ file: TEMPLATE, text: readFileSync(TEMPLATE, "utf8") }],
  format: "hosts",
});

const COMPOSE = {
  "com.docker.compose.service": "web",
  "com.docker.compose.project": "shop",
  "com.docker.compose.config-hash": "0",
};
const known = (digit: string, more: Partial<Container>): InventoryContainer => ({
  agent: "/a.sock",
  dockerHost: "one",
  container: container(digit, more),
});
const four = known("4", { name: "shop-web-1", labels: COMPOSE, networks: [{ name: "front", ipv4: "10.0.0.4" }] });
const six = known("6", { name: "shop-web-2", labels: COMPOSE, networks: [{ name: "front", ipv6: "fd00::6" }] });
const late = known("5", { name: "late", networks: [{ name: "front", ipv4: "10.0.0.5" }] });

describe("dnsmasq with the hosts file of the gallery", { skip: requires("dnsmasq") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-dns-"));
  const file = join(directory, "hosts");
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  let dnsmasq: BackgroundProcess;
  before(async () => {
    write([four, six]);
    const port = await freeUdpPort();
    const options = ["no-resolv", "no-hosts", "bind-interfaces", "user=root", "pid-file=", "conf-file=/dev/null"];
    const own = [
      "listen-address=127.0.0.1",
      `port=${port}`,
      `addn-hosts=${file}`,
      "keep-in-foreground",
      "log-facility=-",
    ];
    const args = [...options, ...own].map((option) => `--${option}`);
    dnsmasq = new BackgroundProcess("dnsmasq", "dnsmasq", args, { env: environment });
    resolver.setServers([`127.0.0.1:${port}`]);
    await eventually(
      "dnsmasq answers",
      async () => (await resolver.resolve4("shop-web-1.containers.internal")).length > 0,
    );
  });
  after(async () => {
    await dnsmasq.stop();
    await removeDirectory(directory);
  });

  function write(all: readonly InventoryContainer[]): void {
    const made = render(all.map(containerView));
    assert.equal(made.kind, "text", JSON.stringify(made));
    writeFileSync(file, made.kind === "text" ? made.text : "", { mode: 0o644 });
  }

  test("containers and Compose services resolve to their IPv4 and IPv6 addresses", async () => {
    assert.deepEqual(await resolver.resolve4("shop-web-1.containers.internal"), ["10.0.0.4"]);
    assert.deepEqual(await resolver.resolve6("shop-web-2.containers.internal"), ["fd00::6"]);
    assert.deepEqual(await resolver.resolve4("web.shop.containers.internal"), ["10.0.0.4"]);
    assert.deepEqual(await resolver.resolve6("web.shop.containers.internal"), ["fd00::6"]);
    await assert.rejects(resolver.resolve4("late.containers.internal"));
  });

  test("SIGHUP reloads the file", async () => {
    write([four, six, late]);
    process.kill(dnsmasq.pid, "SIGHUP");
    await eventually(
      "the late one has its address",
      async () => (await resolver.resolve4("late.containers.internal"))[0] === "10.0.0.5",
    );
    assert.deepEqual(await resolver.resolve4("shop-web-1.containers.internal"), ["10.0.0.4"]);
  });

  for (const name of ["a\n10.6.6.6 shop-web-1", "a 10.6.6.6", "shop-web-1 #", "10.6.6.6\tx", "*", ".", "a..b\u2028"]) {
    test(`a container named ${JSON.stringify(name)} changes no other address`, () => {
      const made = render(
        [four, known("7", { name, networks: [{ name: "front", ipv4: "10.6.6.6" }] })].map(containerView),
      );
      assert.ok(made.kind === "faults" && made.faults.every(({ index }) => index === 1), JSON.stringify(made));
    });
  }
});

const address = (more: Partial<Container>): InventoryContainer =>
  known("7", { networks: [{ name: "front", ipv4: "10.6.6.6" }], ...more });
const planted = (service: string, project: string) => ({
  "com.docker.compose.service": service,
  "com.docker.compose.project": project,
  "com.docker.compose.config-hash": "0",
});

test("a name belongs to its oldest owner, also on several Docker hosts", () => {
  const first = address({ name: "db", createdAt: 1, networks: [{ name: "front", ipv4: "10.0.0.1" }] });
  const second = { ...address({ name: "db", createdAt: 2, id: "e".repeat(64) }), dockerHost: "two" };
  const made = render([second, first].map(containerView));
  assert.ok(made.kind === "faults" && made.faults.every(({ index }) => index === 0), JSON.stringify(made));
  assert.match(made.faults[0]!.message, /the name belongs to another project or container, which requested it first/);
});

test("labels of an image add no name", () => {
  const labels = planted("web", "shop");
  for (const fromImage of [
    { read: true, env: [], labels: Object.keys(labels) },
    { read: false, env: [], labels: [] },
  ]) {
    const made = render([address({ name: "own", labels, fromImage })].map(containerView));
    assert.deepEqual(made, { kind: "text", text: "10.6.6.6 own.containers.internal\n" });
  }
});

for (const [name, labels] of [
  ["own", planted("accounts.bank", "com")],
  ["own", planted("accounts", "bank.com")],
  ["own", planted("-", "shop")],
  ["accounts.bank.com", {}],
  ["-x", {}],
  ["x".repeat(64), {}],
  // DNS would add its address to those of another container.
  ["WEB", {}],
  ["own", planted("web", "SHOP")],
  ["x".repeat(80), {}],
  // Would be the name of the service web of the project shop.
  ["web.shop", {}],
] as const) {
  test(`a container ${JSON.stringify([name, labels])} is quarantined, because its name is not one label in lower case`, () => {
    const made = render([address({ name, labels })].map(containerView));
    assert.ok(made.kind === "faults" && /not a single DNS label/.test(made.faults[0]!.message), JSON.stringify(made));
  });
}

test("every name of the file is below the suffix", () => {
  fc.assert(
    fc.property(fc.tuple(hostileText, hostileText, hostileText), ([name, service, project]) => {
      const made = render([address({ name, labels: planted(service, project) })].map(containerView));
      const names = made.kind === "text" ? made.text.split("\n").flatMap((line) => line.split(" ").slice(1)) : [];
      for (const one of names) assert.match(one, /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?\.containers\.internal$/);
    }),
  );
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
