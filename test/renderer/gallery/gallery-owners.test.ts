import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fc } from "../../property.ts";
import { parse } from "yaml";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { buildRoutes } from "../routes/build-routes.ts";
import type { FormatName } from "../../../renderer/template/formats/format-table.ts";
import { container } from "../fake-agent.ts";
import { renderWith, templateGroup } from "../targets/template-group.ts";
import { RULES } from "../nginx/options.ts";

/** The addresses of the upstream servers of each host. */
type Answering = ReadonlyMap<string, ReadonlySet<string>>;

interface Outcome {
  readonly answering: Answering;
  /** Names of quarantined containers and rejected route requests. */
  readonly reported: ReadonlySet<string>;
}

const HOSTS = ["shop.example", "blog.example"];
/** Other spellings of the first host. */
const ALIASES = ["SHOP.example", "shop.example.", "shop.example:80", " shop.example"];

interface RouteRequest {
  readonly host: string;
  readonly project: string;
  readonly createdAt: number;
  readonly name: string;
}

const routeRequest: fc.Arbitrary<RouteRequest> = fc.record({
  host: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...HOSTS) },
    { weight: 1, arbitrary: fc.constantFrom(...ALIASES) },
  ),
  project: fc.constantFrom("owner", "thief", "other"),
  createdAt: fc.nat(1_000_000),
  name: fc.stringMatching(/^[a-z]{3,8}$/),
});

/** Requests with distinct ages and names, so that the oldest is unambiguous. */
const routeRequests = fc
  .uniqueArray(routeRequest, { minLength: 1, maxLength: 8, selector: ({ createdAt }) => createdAt })
  .map((all) => all.map((one, index) => ({ ...one, name: `${one.name}${index}` })));

const addressOf = (index: number): string => `10.0.0.${index + 1}`;

function known(label: string, { host, project, createdAt, name }: RouteRequest, index: number): InventoryContainer {
  const labels = { [label]: host, "com.docker.compose.project": project, "com.docker.compose.config-hash": "0" };
  const networks = [{ name: "front", ipv4: addressOf(index) }];
  const env: Record<string, string> = label === "" ? { VIRTUAL_HOST: host } : {};
  const id = (index + 1).toString(16).padStart(64, "0");
  const one = container("a", { id, name, env, labels, networks, ports: [{ port: 80, proto: "tcp" }], createdAt });
  return { agent: "/a", dockerHost: "h", container: one };
}

const addressesIn = (text: string): Set<string> => new Set(text.match(/10\.0\.0\.[0-9]+/g));

const readers: readonly [name: string, format: FormatName, label: string, read: (text: string) => Answering][] = [
  [
    "haproxy.cfg",
    "haproxy",
    "haproxy.host",
    (text) =>
      new Map(
        text
          .split(/^backend /m)
          .slice(1)
          .map((part) => [part.split("\n")[0]!.trim(), addressesIn(part)]),
      ),
  ],
  [
    "Caddyfile",
    "caddyfile",
    "caddy.host",
    (text) =>
      new Map(
        [...text.matchAll(/^(\S+) \{\n(?:\t(?!reverse_proxy).*\n)*\treverse_proxy(.*)\n\}/gm)].map(
          ([, host = "", to = ""]) => [host, addressesIn(to)],
        ),
      ),
  ],
  [
    "traefik.yml",
    "yaml",
    "traefik.host",
    (text) => {
      const { http } = (parse(text) ?? {}) as { http?: { services?: Record<string, unknown> } };
      return new Map(
        Object.entries(http?.services ?? {}).map(([host, service]) => [host, addressesIn(JSON.stringify(service))]),
      );
    },
  ],
];

async function fromGallery(
  name: string,
  format: FormatName,
  all: readonly InventoryContainer[],
): Promise<{ text: string; reported: Set<string> }> {
  const text = readFileSync(`renderer/templates/gallery/${name}.hbs`, "utf8");
  const { text: made, quarantined } = await renderWith(templateGroup(text, format), all);
  return { text: made, reported: new Set(quarantined.map((one) => one.name)) };
}

/** Each host is routed to the project of its oldest container only, and the other containers are reported. */
function check(all: readonly RouteRequest[], { answering, reported }: Outcome, about: string): void {
  for (const host of HOSTS) {
    const requesting = all.map((one, index) => ({ ...one, index })).filter((one) => one.host === host);
    const [first] = requesting.toSorted((a, b) => a.createdAt - b.createdAt);
    const owned = requesting.filter(({ project }) => project === first?.project);
    assert.deepEqual(
      [...(answering.get(host) ?? [])].toSorted(),
      owned.map(({ index }) => addressOf(index)).toSorted(),
      about,
    );
    for (const { name, project } of requesting)
      assert.equal(reported.has(name), project !== first?.project, `${name}: ${about}`);
  }
}

for (const [name, format, label, read] of readers) {
  test(`${name}: a host is routed to its first project only, and the other containers are reported`, async () => {
    await fc.assert(
      fc.asyncProperty(routeRequests, async (all) => {
        const { text, reported } = await fromGallery(
          name,
          format,
          all.map((one, index) => known(label, one, index)),
        );
        const isEmpty = all.length > 1 && text === "";
        if (!isEmpty) check(all, { answering: read(text), reported }, `${JSON.stringify(all)}\n${text}`);
        // Another spelling is not a host name.
        for (const { host, name: who } of isEmpty ? [] : all)
          if (ALIASES.includes(host)) assert.ok(reported.has(who), host);
      }),
      { numRuns: 150 },
    );
  });
}

for (const [name, format, label, read] of readers) {
  test(`${name}: a label of an image gets no host, whatever its age`, async () => {
    const owner = known(label, { host: "shop.example", project: "owner", createdAt: 2, name: "owner" }, 0);
    const image = known(label, { host: "shop.example", project: "owner", createdAt: 1, name: "image" }, 1);
    for (const fromImage of [
      { read: true, env: [], labels: [label] },
      { read: false, env: [], labels: [] },
    ]) {
      const { text, reported } = await fromGallery(name, format, [
        owner,
        { ...image, container: { ...image.container, fromImage } },
      ]);
      assert.deepEqual([read(text).get("shop.example"), reported], [new Set([addressOf(0)]), new Set(["image"])]);
    }
  });

  test(`${name}: containers without a project, or with a project of their image only, share no host`, async () => {
    const requests = [1, 2, 3].map((createdAt) => ({
      host: "shop.example",
      project: "",
      createdAt,
      name: `n${createdAt}`,
    }));
    const all = requests.map((one, index) => known(label, one, index));
    const baked = all[2]!;
    const labels = { [label]: "shop.example", "com.docker.compose.project": "", "com.docker.compose.config-hash": "" };
    const { text, reported } = await fromGallery(name, format, [
      all[0]!,
      { ...all[1]!, container: { ...all[1]!.container, labels } },
      { ...baked, container: { ...baked.container, labels: { ...labels, "com.docker.compose.project": "owner" } } },
    ]);
    assert.deepEqual([read(text).get("shop.example"), reported], [new Set([addressOf(0)]), new Set(["n2", "n3"])]);
  });
}

test("nginx: a host is routed to its first project only, and the other containers are reported", () => {
  fc.assert(
    fc.property(routeRequests, (all) => {
      // Host names of nginx are normalized.
      const plain = all.filter(({ host }) => HOSTS.includes(host));
      const routes = buildRoutes(
        plain.map((one, index) => known("", one, index)),
        { ...RULES, permissions: new Set() },
      );
      assert.equal(routes.kind, "routes");
      const answering = new Map(
        routes.virtualHosts.map(({ host, paths }) => [
          String(host),
          new Set(paths.flatMap(({ servers }) => servers.map(({ address }) => address as string))),
        ]),
      );
      const reported = new Set(
        [...routes.quarantined, ...routes.unrouted, ...routes.remarks].map((one) => one.container),
      );
      check(plain, { answering, reported }, JSON.stringify(plain));
    }),
    { numRuns: 300 },
  );
});
