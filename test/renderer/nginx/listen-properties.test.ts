import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fc } from "../../property.ts";
import { type CertificateSet, readCertificates } from "../../../renderer/nginx/certificates/directory.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { PERMISSIONS } from "../../../renderer/routes/option.ts";
import { buildRoutes } from "../routes/build-routes.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { nginxPage } from "../../../renderer/nginx/page.ts";
import type { NginxSettings } from "../../../renderer/nginx/settings.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import { testConfig, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { makeCertificate } from "./certificate-files.ts";
import { container } from "../fake-agent.ts";
import { readNginx } from "../structure/read-nginx.ts";
import { requires } from "../../requires.ts";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);

const [PLAIN, TLS, PAGE] = [18_080, 18_443, 18_081];
/** Few, so that containers conflict with each other, with the default ports and with the status page. */
const PORTS = [PLAIN, TLS, PAGE, 19_001, 19_002, 19_003].map(String);
const HOSTS = ["a.example", "b.example", "c.example", "x.d.example", "*.d.example"];

const yes = fc.constantFrom("true", "false");
const requested = fc.record(
  {
    VIRTUAL_HOST: fc.constantFrom(...HOSTS),
    EXTERNAL_HTTP_PORT: fc.constantFrom(...PORTS),
    EXTERNAL_HTTPS_PORT: fc.constantFrom(...PORTS),
    HTTPS_METHOD: fc.constantFrom("redirect", "noredirect", "nohttp", "nohttps"),
    ENABLE_HTTP_ON_MISSING_CERT: yes,
    http2: yes,
    http3: yes,
    multiports: fc.constantFrom(
      "a.example: {external_http_port: 19001, external_https_port: 19002}",
      "e.example: {/: null, external_https_port: 18080}",
    ),
  },
  { requiredKeys: ["VIRTUAL_HOST"] },
);

type Requested = (typeof requested)["generate"] extends (...args: never[]) => { readonly value: infer T } ? T : never;

const containers = fc
  .array(requested, { minLength: 1, maxLength: 8 })
  .map((all) => all.map((one, index) => known(one, index)));

function known({ http2, http3, multiports, ...env }: Requested, index: number): InventoryContainer {
  const labels = {
    ...(http2 !== undefined && { "sallyport.http2": http2 }),
    ...(http3 !== undefined && { "sallyport.http3": http3 }),
    ...(multiports !== undefined && { "sallyport.multiports": multiports }),
  };
  const id = (index + 1).toString(16).padStart(64, "0");
  const networks = [{ name: "front", ipv4: `10.0.0.${index + 1}` }];
  return {
    agent: "/a",
    dockerHost: "h",
    container: container("a", { id, name: `n${index}`, createdAt: index, env, labels, networks }),
  };
}

/** The operator's settings. */
const operator = fc.record({
  https: fc.boolean(),
  http3: fc.boolean(),
  ipv6: fc.boolean(),
  proxyProtocol: fc.boolean(),
  hasPage: fc.boolean(),
  defaultHost: fc.option(fc.constantFrom(...HOSTS), { nil: undefined }),
  httpPort: fc.option(fc.constant(19_001), { nil: undefined }),
  httpsPort: fc.option(fc.constant(19_002), { nil: undefined }),
  http2: fc.option(fc.boolean(), { nil: undefined }),
});
type Operator = (typeof operator)["generate"] extends (...args: never[]) => { readonly value: infer T } ? T : never;

function printed(
  all: readonly InventoryContainer[],
  setup: Operator,
  certificates: CertificateSet,
  directory: string,
): string {
  const { https, http3, ipv6, proxyProtocol, hasPage, defaultHost, httpPort, httpsPort, http2 } = setup;
  const host = Object.fromEntries(
    Object.entries({ httpPort, httpsPort, http2 }).filter(([, value]) => value !== undefined),
  );
  const plain = [PLAIN, ...(httpPort === undefined ? [] : [httpPort])];
  const tls = https ? [TLS, ...(httpsPort === undefined ? [] : [httpsPort])] : [];
  const routes = buildRoutes(all, {
    proxy: { kind: "host" },
    onlyExposed: false,
    permissions: new Set(PERMISSIONS),
    defaultPorts: { plain, tls, page: hasPage ? PAGE : undefined },
  });
  assert.equal(routes.kind, "routes");
  const settings: NginxSettings = {
    listen: PLAIN,
    ipv6,
    proxyProtocol,
    defaults: { host, path: {} },
    ...(defaultHost !== undefined && { defaultHost }),
    ...(hasPage && { statusPage: { listen: PAGE, directory, allow: ["127.0.0.1"] } }),
    ...(https && {
      https: { listen: TLS, port: 443, directory, challenges: "/c", hstsSeconds: 1, certificates, http3 },
    }),
  };
  return render(nginxPage(routes, settings)).toString("utf8");
}

interface Listen {
  readonly server: number;
  readonly name: string;
  readonly parameters: ReadonlySet<string>;
}

/** Returns the `listen` directives by address in the file's order; UDP and TCP are different addresses. */
function listensOf(text: string): Map<string, Listen[]> {
  const places = new Map<string, Listen[]>();
  const statements = readNginx(text) as unknown as { words: string[]; block?: { words: string[] }[] }[];
  for (const [server, { words, block = [] }] of statements.entries()) {
    if (words[0] !== "server") continue;
    const named = block.filter((one) => one.words[0] === "server_name");
    const name = named.flatMap((one) => one.words.slice(1)).join(" ");
    for (const {
      words: [, address = "", ...parameters],
    } of block.filter((one) => one.words[0] === "listen")) {
      const place = `${parameters.includes("quic") ? "udp" : "tcp"} ${address}`;
      places.set(place, [...(places.get(place) ?? []), { server, name, parameters: new Set(parameters) }]);
    }
  }
  return places;
}

/**
 * Asserts that no wildcard and no default host serves a name that has a server for another port or protocol, and that no
 * name has two servers.
 */
function assertReserved(text: string): void {
  const places = [...listensOf(text)].map(([place, listens]) => {
    const named = listens.flatMap(({ name }) => name.split(" ")).filter((one) => one !== "_");
    assert.equal(new Set(named).size, named.length, `a name with two servers at ${place}\n${text}`);
    const namesOf = ({ name }: Listen): string[] => name.split(" ").filter((one) => /^[a-z*]/.test(one));
    const isDefault = listens.some((one) => one.parameters.has("default_server") && namesOf(one).length > 0);
    return { place, isDefault, names: new Set(listens.flatMap(namesOf)) };
  });
  const all = new Set(places.flatMap(({ names }) => [...names]));
  for (const { place, isDefault, names } of places) {
    for (const name of all) {
      const isCaught = isDefault || names.has(name.replace(/^[^.*]+\./, "*."));
      assert.ok(names.has(name) || !isCaught, `${name} is served by another host at ${place}\n${text}`);
    }
  }
}

function assertSound(text: string, { hasPage, defaultHost }: Operator): void {
  for (const [place, listens] of listensOf(text)) {
    const counted = (sign: string): number => listens.filter(({ parameters }) => parameters.has(sign)).length;
    const at = `${place}\n${text}`;
    assert.equal(new Set(listens.map(({ server }) => server)).size, listens.length, `twice by one server at ${at}`);
    assert.equal(counted("reuseport"), place.startsWith("udp") ? 1 : 0, `reuseport at ${at}`);
    assert.ok([0, listens.length].includes(counted("ssl")), `plain HTTP and TLS at ${at}`);
    assert.ok(counted("default_server") <= 1, `two defaults at ${at}`);
    if (hasPage && place.endsWith(String(PAGE))) {
      assert.ok(
        listens.every(({ name }) => name === "_" || name.startsWith("~^[")),
        `a host at ${at}`,
      );
      continue;
    }
    assert.ok([0, listens.length].includes(counted("proxy_protocol")), `the PROXY protocol for some at ${at}`);
    assert.ok(
      listens.some(({ name }) => name === "_"),
      `no server for unknown host names at ${at}`,
    );
    // The default host is the default server of every protocol that it is served with.
    const answering = listens.find(({ parameters }) => parameters.has("default_server")) ?? listens[0];
    assert.ok(answering?.name === "_" || answering?.name === defaultHost, `${answering?.name} for all names at ${at}`);
  }
}

const NO_FILES = "/certificates";
const stems = [...HOSTS.slice(0, 2), "default"];
const certificates: CertificateSet = {
  usable: new Map(stems.map((stem) => [stem, { stem, names: [stem], notAfter: 0, fingerprint: "ab".repeat(32) }])),
  invalid: [],
  clients: {
    directory: NO_FILES,
    files: new Map([
      ["a.example.ca.crt", { name: "a.example.ca.crt", hash: "1" }],
      ["b.example.ca.crt", { name: "b.example.ca.crt", hash: "2", fault: { problem: "garbage", hint: "renew it" } }],
    ]),
  },
};

test("each address has one QUIC socket, one protocol, and a server for unknown host names", () => {
  fc.assert(
    fc.property(containers, operator, fc.boolean(), (all, setup, hasDefault) => {
      const usable = new Map([...certificates.usable].filter(([stem]) => hasDefault || stem !== "default"));
      const text = printed(all, setup, { ...certificates, usable }, NO_FILES);
      assertSound(text, setup);
      assertReserved(text);
    }),
    { numRuns: 2_000 },
  );
});

const skip = requires("nginx", "openssl");

test("nginx accepts any combination of ports of containers and the operator", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-listen-"));
  try {
    const configs = writeNginxConfigs(directory);
    mkdirSync(join(directory, "certificates"));
    for (const stem of stems) makeCertificate(join(directory, "certificates"), stem, [stem]);
    const found = readCertificates(join(directory, "certificates"));
    fc.assert(
      fc.property(containers, operator, (all, setup) => {
        const text = printed(all, { ...setup, http3: false }, found, join(directory, "certificates"));
        writeFileSync(join(directory, "conf.d", "default.conf"), text);
        const { status, stderr } = testConfig(directory, configs.live);
        assert.equal(status, 0, stderr);
      }),
      { numRuns: 100 },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
