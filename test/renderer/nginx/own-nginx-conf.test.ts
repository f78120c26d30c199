import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readCertificates } from "../../../renderer/nginx/certificates/directory.ts";
import { buildRoutes } from "../routes/build-routes.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { nginxPage } from "../../../renderer/nginx/page.ts";
import type { NginxSettings } from "../../../renderer/nginx/settings.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import { nginxVersion, testConfig, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { makeCertificate } from "./certificate-files.ts";
import { container } from "../fake-agent.ts";
import { readNginx } from "../structure/read-nginx.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { BUCKET_SIZE } from "../../../renderer/nginx/operator-files/top-level-directives.ts";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");
const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);

/** The `http` directives of common distributions and images. */
const COMMON = `
sendfile on; tcp_nopush on; keepalive_timeout 65; types_hash_max_size 2048; server_tokens off; gzip on; default_type text/plain;
ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;
log_format main '$remote_addr'; access_log off; client_max_body_size 10m;
`;

/** The conflicting directives that docs/reference/targets.md lists. */
const LISTED = readFileSync("docs/reference/targets.md", "utf8")
  .split("\n\n")
  .find((paragraph) => paragraph.includes("`client_header_timeout`"));

/** Values for a second directive of each name. */
const SECOND: Readonly<Record<string, string>> = {
  client_body_timeout: "10s",
  client_header_timeout: "30s",
  limit_conn: "own 1",
  limit_conn_status: "503",
  limit_conn_zone: "$host zone=own:1m",
  reset_timedout_connection: "off",
  real_ip_header: "X-Real-IP",
  real_ip_recursive: "off",
  resolver: "192.0.2.53",
  server_names_hash_bucket_size: "128",
  server_names_hash_max_size: "1024",
  ssl_ciphers: "HIGH",
  ssl_session_cache: "shared:own:1m",
  ssl_session_tickets: "on",
  ssl_session_timeout: "1d",
  ...Object.fromEntries(["proxy", "grpc", "fastcgi", "uwsgi"].map((family) => [`${family}_connect_timeout`, "9s"])),
  ...Object.fromEntries(
    ["proxy", "fastcgi", "uwsgi", "scgi"].flatMap((family) => [
      [`${family}_request_buffering`, "on"],
      [`${family}_max_temp_file_size`, "1m"],
    ]),
  ),
  absolute_redirect: "on",
  variables_hash_max_size: "4096",
  fastcgi_index: "own.php",
  ...Object.fromEntries(
    ["proxy", "grpc"].flatMap((family) => [
      [`${family}_ssl_name`, "own.example"],
      [`${family}_ssl_server_name`, "off"],
    ]),
  ),
  proxy_http_version: "1.0",
  proxy_next_upstream: "off",
  large_client_header_buffers: "4 64k",
  grpc_buffer_size: "64k",
  ...Object.fromEntries(
    ["proxy", "fastcgi", "uwsgi", "scgi"].flatMap((family) => [
      [`${family}_buffering`, "on"],
      [`${family}_buffer_size`, "64k"],
      [`${family}_buffers`, "8 64k"],
    ]),
  ),
  ...Object.fromEntries(
    ["proxy", "grpc", "fastcgi", "uwsgi"].flatMap((family) => [
      [`${family}_next_upstream_tries`, "1"],
      [`${family}_next_upstream_timeout`, "1s"],
    ]),
  ),
};

describe("next to a custom nginx.conf, with a real nginx", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-own-"));
  const configs = writeNginxConfigs(directory);
  const mainConfig = readFileSync(configs.live, "utf8");
  let text: string;
  /** Renders the configuration next to a file with these directives. */
  let printed: (siblingDirectives: readonly string[]) => string;

  before(() => {
    makeCertificate(directory, "a.example", ["a.example"]);
    const networks = [{ name: "front", ipv4: "192.0.2.1" }];
    const known = [{ agent: "/a", dockerHost: "h", container: container("a", { networks }) }];
    const routes = buildRoutes(known, { proxy: { kind: "host" }, onlyExposed: false });
    assert.equal(routes.kind, "routes");
    const https = { listen: 18_443, port: 443, directory, challenges: "/c", hstsSeconds: 1 };
    const settings: NginxSettings = {
      listen: 18_080,
      version: nginxVersion()!.replace("nginx/", ""),
      https: { ...https, certificates: readCertificates(directory) },
      trustedProxies: ["192.0.2.9"],
      resolvers: ["192.0.2.53"],
    };
    printed = (siblingDirectives) =>
      render(nginxPage(routes, { ...settings, files: { siblingDirectives } })).toString("utf8");
    text = printed([]);
    writeFileSync(join(directory, "conf.d", "default.conf"), text);
  });
  after(async () => await removeDirectory(directory));

  /** Returns nginx's messages with these lines before the generated file. */
  const checked = (lines: string): string => {
    writeFileSync(configs.live, mainConfig.replace("  access_log off;\n", `${lines}\n`));
    return testConfig(directory, configs.live).stderr;
  };

  test("the directives of common distributions cause no conflict", () => assert.equal(checked(COMMON), ""));

  test("docs/reference/targets.md lists exactly the directives that conflict", () => {
    const statements = readNginx(text) as unknown as { readonly words: string[]; readonly block?: unknown }[];
    const names = new Set(statements.flatMap(({ words, block }) => (block === undefined ? words.slice(0, 1) : [])));
    const twice = [...names].filter((name) => checked(`${name} ${SECOND[name] ?? ""};`).includes("is duplicate"));
    const listed = [...LISTED!.matchAll(/`([a-z_]+)`/g)].map(([, name = ""]) => name);
    assert.deepEqual(
      listed.filter((name) => !["http", "files", "resolvers"].includes(name)).toSorted(),
      twice.toSorted(),
    );
    writeFileSync(join(directory, "conf.d", "default.conf"), printed(twice));
    assert.equal(checked(twice.map((name) => `${name} ${SECOND[name] ?? ""};`).join("\n")), "", "next to the defaults");
  });

  for (const [size, longest] of [
    [64, 46],
    [100, 110],
    [256, 238],
  ] as const) {
    test(`with buckets of ${size} bytes, no wildcard serves a name with another owner of up to ${longest} characters`, () => {
      const named = (length: number): HostName =>
        `${"a.".repeat(length)}x.test`.slice(-length).replace(/^\./, "b") as HostName;
      const known = [
        { agent: "/a", dockerHost: "h", container: container("a", { env: { VIRTUAL_HOST: "*.x.test" } }) },
      ];
      const routes = buildRoutes(known, { proxy: { kind: "host" }, onlyExposed: false });
      assert.equal(routes.kind, "routes");
      const files = { siblingDirectives: [BUCKET_SIZE, `${BUCKET_SIZE} ${size}`] };
      const reserved = [longest - 1, longest, longest + 1].map(named);
      const page = render(nginxPage({ ...routes, reserved }, { listen: 18_080, files })).toString("utf8");
      assert.deepEqual(
        reserved.filter((name) => page.includes(` ${name};`)).map(({ length }) => length),
        [longest - 1, longest],
      );
      writeFileSync(join(directory, "conf.d", "default.conf"), page);
      assert.equal(checked(`${BUCKET_SIZE} ${size};`), "");
    });
  }
});
