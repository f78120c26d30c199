import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { callGrpc, fastcgiApp, grpcApp, tlsApp, uwsgiApp } from "./apps.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

describe("route requests of containers, with a real nginx", { skip }, () => {
  const rig = new NginxRig();

  before(async () => {
    makeCertificate(rig.directory, "backend", ["backend"]);
    const label = (labels: Record<string, string>) => ({ labels });
    const apps = [
      await rig.app("list", { VIRTUAL_HOST: "one.example, two.example ,,*.wild.example,trail.*" }),
      await rig.app("address", { VIRTUAL_HOST: "192.0.2.7,[2001:db8::7]" }),
      await rig.app("pattern", { VIRTUAL_HOST: "~^(?:x|y)[0-9]{1,2}\\.pattern\\.example$" }),
      await rig.app("site", { VIRTUAL_HOST: "paths.example" }),
      await rig.app("api", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "/api/", VIRTUAL_DEST: "/" }),
      await rig.app("exact", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "= /exact" }),
      await rig.app("by-pattern", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "~ ^/v[0-9]+/" }),
      await rig.app("only-path", { VIRTUAL_HOST: "only.example", VIRTUAL_PATH: "/app" }),
      await rig.app("inside", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "/inside/", NETWORK_ACCESS: "internal" }),
      await rig.app("secure", { VIRTUAL_HOST: "secure.example", VIRTUAL_PROTO: "https" }, {}, tlsApp(rig.directory)),
      await rig.app(
        "php",
        { VIRTUAL_HOST: "php.example", VIRTUAL_PROTO: "fastcgi", VIRTUAL_ROOT: "/srv/www" },
        {},
        fastcgiApp(),
      ),
      await rig.app("wsgi", { VIRTUAL_HOST: "wsgi.example", VIRTUAL_PROTO: "uwsgi" }, {}, uwsgiApp()),
      await rig.app("grpc", { VIRTUAL_HOST: "grpc.example", VIRTUAL_PROTO: "grpc" }, {}, grpcApp()),
      await rig.app("by-label", { VIRTUAL_HOST: "env.example" }, label({ "sallyport.host": "label.example" })),
      await rig.app(
        "moved",
        { VIRTUAL_HOST: "www.moved.example" },
        label({ "sallyport.redirect-from": "moved.example" }),
      ),
      await rig.app("small", { VIRTUAL_HOST: "small.example" }, label({ "sallyport.body-size": "1k" })),
      await rig.app("spare", { VIRTUAL_HOST: "spare.example" }, label({ "sallyport.backup": "true" })),
      await rig.app("main", { VIRTUAL_HOST: "spare.example" }),
      await rig.app("sticky-1", { VIRTUAL_HOST: "sticky.example" }, label({ "sallyport.balance": "ip-hash" })),
      await rig.app("sticky-2", { VIRTUAL_HOST: "sticky.example" }),
      await rig.app("other-port", { VIRTUAL_HOST: "port.example", EXTERNAL_HTTP_PORT: "21987" }),
      await rig.app("hidden", { VIRTUAL_HOST: "hidden.example", HSTS: "off", SSL_POLICY: "Mozilla-Modern" }),
      await rig.app("poison", { VIRTUAL_HOST: "poison.example", VIRTUAL_PATH: "/ { return 200; } location /x" }),
    ];
    const several = await rig.app("several", {});
    apps.push({
      ...several,
      env: {
        VIRTUAL_HOST_MULTIPORTS: [
          "multi.example:",
          "  /:",
          `  /two/: {port: ${rig.portOf("list")}, dest: /}`,
          "bare.example:",
          "bad;name: {}",
        ].join("\n"),
      },
    });
    makeCertificate(rig.certificates, "grpc.example", ["grpc.example"]);
    await rig.start({ routing: { containersMay: ["regex", "ports"] } }, apps);
  });
  after(async () => await rig.close());

  const answers: readonly [title: string, host: string, path: string, app: string, url?: string][] = [
    ["the first of several names", "one.example", "/", "list"],
    ["the second of several names", "two.example", "/", "list"],
    ["a leading wildcard", "any.wild.example", "/", "list"],
    ["a trailing wildcard", "trail.anything", "/", "list"],
    ["an IPv4 address", "192.0.2.7", "/", "address"],
    ["an IPv6 address", "[2001:db8::7]", "/", "address"],
    ["a regular expression with a comma in it", "x12.pattern.example", "/", "pattern"],
    ["a path of the root container", "paths.example", "/else?x=1", "site", "/else?x=1"],
    ["a path with a destination", "paths.example", "/api/v1?x=1", "api", "/v1?x=1"],
    ["an exact path", "paths.example", "/exact", "exact", "/exact"],
    ["a path that only starts like an exact path", "paths.example", "/exact/more", "site"],
    ["a path by regular expression", "paths.example", "/v2/x", "by-pattern", "/v2/x"],
    ["an internal path from an internal network", "paths.example", "/inside/x", "inside"],
    ["a path of a host without a root container", "only.example", "/app/x", "only-path", "/app/x"],
    ["an app with TLS", "secure.example", "/x", "tls", "/x"],
    ["a Sallyport label, which takes precedence over the environment", "label.example", "/", "by-label"],
    ["VIRTUAL_HOST_MULTIPORTS: the root path", "multi.example", "/x", "several", "/x"],
    ["VIRTUAL_HOST_MULTIPORTS: another path", "multi.example", "/two/x", "list", "/x"],
    ["a host without paths", "bare.example", "/", "several"],
    ["the main replica and not the backup", "spare.example", "/", "main"],
  ];
  for (const [title, host, path, app, url] of answers) {
    test(`${title} is served`, async () => {
      await eventually("the app answers", async () => (await rig.echo({ host, path }))?.app === app);
      if (url !== undefined) assert.equal((await rig.echo({ host, path }))?.url, url);
    });
  }

  test("a label replaces the environment variable", async () => {
    assert.equal((await rig.ask({ host: "env.example" })).status, 503);
  });

  test("a path without a container returns 404", async () => {
    assert.equal((await rig.ask({ host: "only.example", path: "/" })).status, 404);
  });

  test("FastCGI receives SCRIPT_FILENAME below VIRTUAL_ROOT", async () => {
    const headers = { proxy: "http://evil.example" };
    const { status, body } = await rig.ask({ host: "php.example", path: "/index.php?a=1", headers });
    assert.equal(status, 200);
    const got = JSON.parse(body) as Record<string, string>;
    assert.equal(got["SCRIPT_FILENAME"], "/srv/www/index.php");
    assert.deepEqual(
      [got["QUERY_STRING"], got["REQUEST_METHOD"], got["SERVER_NAME"], got["HTTP_PROXY"]],
      ["a=1", "GET", "php.example", undefined],
    );
  });

  test("uwsgi receives its variables", async () => {
    const { status, body } = await rig.ask({ host: "wsgi.example", path: "/x?a=1" });
    assert.equal(status, 200);
    assert.match(body, /REQUEST_URI=\/x\?a=1 /);
  });

  test("gRPC is proxied from HTTPS to an app with cleartext HTTP/2", async () => {
    const body = await callGrpc(rig.tlsPort, "grpc.example", "/pkg.Service/Call");
    assert.equal(body, "grpc /pkg.Service/Call");
  });

  test("`redirect-from` redirects to the host and keeps the path", async () => {
    const { status, headers } = await rig.ask({ host: "moved.example", path: "/x?y=1" });
    assert.deepEqual([status, headers.location], [302, "http://www.moved.example/x?y=1"]);
  });

  test("a request larger than `body-size` returns 413", async () => {
    assert.equal((await rig.ask({ host: "small.example", method: "POST", body: "x".repeat(4_000) })).status, 413);
    assert.equal((await rig.ask({ host: "small.example", method: "POST", body: "x" })).status, 200);
  });

  test("`ip-hash` sends a client to the same replica", async () => {
    const met = new Set<string | undefined>();
    for (let i = 0; i < 8; i += 1) met.add((await rig.echo({ host: "sticky.example" }))?.app);
    assert.equal(met.size, 1);
  });

  test("a host's own port serves the host and returns 503 for unknown names", async () => {
    assert.equal((await rig.echo({ host: "port.example", port: 21_987 }))?.app, "other-port");
    assert.equal((await rig.ask({ host: "unknown.example", port: 21_987 })).status, 503);
    assert.equal((await rig.ask({ host: "port.example" })).status, 503);
  });

  test("security-sensitive options are ignored without permission, and reported", () => {
    const warnings = rig.logged.filter(({ container, code }) => container === "hidden" && code === "option.refused");
    assert.deepEqual(
      new Set(warnings.map(({ reason }) => String(reason).split(":")[0])),
      new Set(["HSTS", "SSL_POLICY"]),
    );
  });

  test("a path with configuration syntax quarantines its container, and this is reported", async () => {
    assert.equal((await rig.ask({ host: "poison.example" })).status, 503);
    const event = rig.logged.find(({ container }) => container === "poison");
    assert.deepEqual([event?.["event"], event?.["code"]], ["container.quarantined", "path.refused"]);
    assert.ok(
      rig.logged.some(({ code, reason }) => code === "multiports.refused" && /"bad;name"/.test(String(reason))),
    );
  });

  test("forwarding headers of clients are replaced", async () => {
    const headers = {
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
    };
    const got = (await rig.echo({ host: "one.example:8123", headers }))?.headers;
    assert.deepEqual(
      ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-ssl"].map(
        (name) => got?.[name],
      ),
      ["127.0.0.1", "http", "one.example:8123", "8123", "off"],
    );
  });
});
