import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fc } from "../../property.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { buildRoutes } from "../routes/build-routes.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { readCertificates } from "../../../renderer/nginx/certificates/directory.ts";
import type { NginxSettings } from "../../../renderer/nginx/settings.ts";
import { nginxPage } from "../../../renderer/nginx/page.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import { testConfig, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { makeCertificate } from "./certificate-files.ts";
import { container } from "../fake-agent.ts";
import { LABELS, RULES, VARIABLES } from "./options.ts";
import { requires } from "../../requires.ts";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);
const HOSTILE = [
  '"; } server { listen 1; } #',
  "/ { return 200; } location /x",
  "a\\",
  "${jndi}",
  "$host",
  "{{constructor}}",
  "../../etc/passwd",
  "*",
  "~",
  "~(((((a+)+)+)+)+)$",
  "= /",
  "^~ /",
  "~* \\.php$",
  "/x y",
  "`id`",
  "a;b",
  "a\u202eb",
  "__proto__",
  "a.example: {/: {port: [1]}}",
  "&a [*a, *a]",
  "!!js/function 'x'",
];
const GOOD = [
  "a.example",
  "*.b.example",
  "c.*",
  "8080",
  "/x",
  "= /y",
  "grpc",
  "https",
  "on",
  "true",
  "2",
  "ip-hash",
  "5s",
  "1m",
  "redirect",
  "307",
  "Mozilla-Old",
  "max-age=1",
  "internal",
];

const value = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.constantFrom(...GOOD),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const record = (names: readonly string[]) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 });

let made = 0;
const known = fc
  .record({
    env: record(VARIABLES),
    labels: record(LABELS),
    host: fc.option(fc.constantFrom("a.example", "~^z$", "*.b.example"), { nil: undefined }),
  })
  .map(({ env, labels: ownLabels, host }): InventoryContainer => {
    made += 1;
    const id = made.toString(16).padStart(64, "0");
    const networks = [{ name: "front", ipv4: `10.0.${(made >> 8) % 256}.${made % 256}` }];
    const all = host === undefined ? env : { ...env, VIRTUAL_HOST: host };
    return {
      agent: "/a",
      dockerHost: "h",
      container: container("a", { id, name: `n${made}`, createdAt: made, env: all, labels: ownLabels, networks }),
    };
  });

const good: InventoryContainer = {
  agent: "/a",
  dockerHost: "h",
  container: container("a", {
    name: "good",
    env: { VIRTUAL_HOST: "good.test" },
    networks: [{ name: "front", ipv4: "192.0.2.1" }],
  }),
};

function printed(all: readonly InventoryContainer[], settings: NginxSettings = { listen: 18_080 }): string {
  const routes = buildRoutes(all, RULES);
  assert.equal(routes.kind, "routes");
  return render(nginxPage(routes, settings)).toString("utf8");
}

/** Returns the rest of the host's server block after its name. Before it, servers may reserve the name on other ports. */
function blockOf(text: string): string | undefined {
  return text.match(/server_name good\.test;[^]*?\n\}\n/g)?.at(-1);
}

const alone = blockOf(printed([good]))!;

test("a host's configuration does not depend on other containers", () => {
  fc.assert(
    fc.property(fc.array(known, { maxLength: 4 }), (others) => {
      const text = printed([...others, good]);
      assert.equal(blockOf(text), alone);
      assert.equal(printed([good, ...others.toReversed()]), text);
    }),
    { numRuns: 3_000 },
  );
});

const skip = requires("nginx", "openssl");

test("nginx accepts the file with any values of containers", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-hostile-"));
  const configs = writeNginxConfigs(directory);
  makeCertificate(directory, "default", ["default"]);
  const https = { listen: 18_443, port: 443, directory, challenges: "/c", hstsSeconds: 1 };
  const settings = { listen: 18_080, https: { ...https, certificates: readCertificates(directory) } };
  try {
    fc.assert(
      fc.property(fc.array(known, { minLength: 20, maxLength: 40 }), (others) => {
        writeFileSync(join(directory, "conf.d", "default.conf"), printed(others, settings));
        const { status, stderr } = testConfig(directory, configs.live);
        assert.equal(status, 0, stderr);
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
