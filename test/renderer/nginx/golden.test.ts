import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import type { CertificateSet } from "../../../renderer/nginx/certificates/directory.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import type { RouteRules } from "../../../renderer/routes/route-rules.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { nginxPage } from "../../../renderer/nginx/page.ts";
import type { FileDirectory } from "../../../renderer/nginx/operator-files/directory.ts";
import type { NginxSettings } from "../../../renderer/nginx/settings.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container } from "../fake-agent.ts";

// To update the files: SALLYPORT_WRITE_GOLDEN=1 node --import tsx --test test/renderer/nginx/golden.test.ts
const isWriting = process.env["SALLYPORT_WRITE_GOLDEN"] === "1";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);

/** The input of one golden file. */
interface Scenario {
  readonly name: string;
  readonly containers: readonly InventoryContainer[];
  readonly rules?: Partial<RouteRules>;
  readonly settings?: Partial<NginxSettings>;
}

function filesIn(directory: string, hashes: Readonly<Record<string, string>>): FileDirectory {
  return { directory, files: new Map(Object.entries(hashes).map(([name, hash]) => [name, { name, hash }])) };
}

const CERTIFICATES: CertificateSet = {
  usable: new Map(
    ["shop.example", "default"].map((stem) => [
      stem,
      {
        stem,
        names: [stem, `*.${stem}`],
        notAfter: Date.UTC(2030, 0, 1),
        fingerprint: "ab".repeat(32),
        extras: ["chain.pem"],
      },
    ]),
  ),
  invalid: [],
  clients: filesIn("/etc/nginx/certs", { "shop.example.ca.crt": "cd".repeat(8) }),
};
const https = {
  listen: 8443,
  port: 443,
  directory: "/etc/nginx/certs",
  challenges: "/var/www",
  hstsSeconds: 31_536_000,
};

const SCENARIOS: readonly Scenario[] = [
  { name: "no-containers", containers: [] },
  {
    name: "replicas",
    containers: [
      app(1, { VIRTUAL_HOST: "shop.example,www.shop.example" }),
      app(2, { VIRTUAL_HOST: "shop.example" }, { labels: { "sallyport.weight": "3" } }),
      app(3, { VIRTUAL_HOST: "shop.example" }, { health: "unhealthy" }),
      app(4, { VIRTUAL_HOST: "ill.example" }, { health: "unhealthy" }),
    ],
  },
  {
    name: "paths-and-protocols",
    containers: [
      app(1, { VIRTUAL_HOST: "shop.example" }),
      app(2, { VIRTUAL_HOST: "shop.example", VIRTUAL_PATH: "/api/", VIRTUAL_DEST: "/", VIRTUAL_PROTO: "https" }),
      app(3, {
        VIRTUAL_HOST: "shop.example",
        VIRTUAL_PATH: "= /php",
        VIRTUAL_PROTO: "fastcgi",
        NETWORK_ACCESS: "internal",
      }),
      app(4, { VIRTUAL_HOST: "shop.example", VIRTUAL_PATH: "/uwsgi", VIRTUAL_PROTO: "uwsgi" }),
      app(5, { VIRTUAL_HOST_MULTIPORTS: "grpc.example: {/: {port: 9000, proto: grpc}, /web/: {port: 9001}}" }),
    ],
  },
  {
    name: "tls",
    containers: [
      app(1, { VIRTUAL_HOST: "shop.example" }, { labels: { "sallyport.redirect-from": "www.shop.example" } }),
      app(2, { VIRTUAL_HOST: "other.example", HTTPS_METHOD: "noredirect" }),
      app(3, { VIRTUAL_HOST: "plain.example", HTTPS_METHOD: "nohttps" }),
    ],
    settings: { https: { ...https, certificates: CERTIFICATES }, defaultHost: "shop.example" },
  },
  {
    name: "operator",
    containers: [app(1, { VIRTUAL_HOST: "shop.example" })],
    settings: {
      ipv6: true,
      trustedProxies: ["10.0.0.0/8"],
      proxyProtocol: true,
      resolvers: ["192.0.2.53", "2001:db8::53"],
      accessLog: { file: "/var/log/nginx/access.log", format: "json" },
      defaults: { host: { serverTokens: "off" }, path: { timeout: 300, bodySize: 1_048_576 } },
      files: {
        vhosts: filesIn("/etc/nginx/vhost.d", { default: "01", "shop.example_location": "02" }),
        passwords: filesIn("/etc/nginx/htpasswd", { "shop.example": "03" }),
        errors: filesIn("/etc/nginx/errors", { "50x.html": "04" }),
      },
      statusPage: { listen: 8081, directory: "/etc/nginx/conf.d/status", allow: ["127.0.0.0/8"] },
    },
  },
];

describe("the generated configuration", () => {
  for (const { name, containers, rules, settings } of SCENARIOS) {
    const file = `test/renderer/golden/${name}.conf`;
    const printed = (inOrder: readonly InventoryContainer[]): string => {
      const table = new RouteTable({ proxy: { kind: "host" }, onlyExposed: true, ...rules });
      for (const one of inOrder) table.apply({ upserted: [one], gone: [] });
      const { wanted } = table;
      assert.equal(wanted.kind, "routes");
      return render(nginxPage(wanted, { listen: 8080, ...settings })).toString("utf8");
    };

    test(`equals ${file}`, () => {
      const text = printed(containers);
      if (isWriting) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });

    test(`does not depend on the order of containers (${name})`, () => {
      const expected = printed(containers);
      fc.assert(
        fc.property(fc.shuffledSubarray([...containers], { minLength: containers.length }), (shuffled) => {
          assert.equal(printed(shuffled), expected);
        }),
        { numRuns: 50 },
      );
    });
  }
});

function app(number: number, env: Record<string, string>, changes: Partial<Container> = {}): InventoryContainer {
  const made = container(String(number), {
    createdAt: number,
    env,
    networks: [{ name: "front", ipv4: `10.0.0.${number}`, ...(number === 2 && { ipv6: "2001:db8::2" }) }],
    ports: [{ port: 3000 + number, proto: "tcp" }],
    ...changes,
    labels: { ...composeLabels("test"), ...changes.labels },
  });
  return { agent: "/agent.sock", dockerHost: "local", container: made };
}
