import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../demo/free-port.ts";
import { eventually } from "../eventually.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { nginxProxyLabel } from "../renderer/nginx/options.ts";
import { NginxRig } from "../renderer/nginx/rig.ts";
import { requires } from "../requires.ts";

const skip = requires("nginx", "openssl");
const PATTERN = "~^re[0-9]\\.example$";

describe("settings that nginx-proxy's users rely on", { skip }, () => {
  const rig = new NginxRig();
  const [vhosts, passwords] = [join(rig.directory, "vhosts"), join(rig.directory, "passwords")];
  const log = join(rig.directory, "access.log");
  const own = join(rig.directory, "conf.d", "zzz.conf");

  let ports: number[] = [];

  before(async () => {
    for (const directory of [vhosts, passwords]) mkdirSync(directory);
    writeFileSync(join(passwords, createHash("sha1").update(PATTERN).digest("hex")), "user:{PLAIN}secret\n");
    writeFileSync(join(passwords, "paths.example"), "user:{PLAIN}secret\n");
    // Valid for hosts that must not have it.
    makeCertificate(rig.certificates, "default", ["default.example", "distrusting.example"]);
    makeCertificate(rig.certificates, "own.example", ["own.example"]);
    ports = [await freePort(), await freePort()];
    const hsts = (value: string) => ({ HSTS: value, CERT_NAME: "own.example" });
    await rig.start(
      {
        routing: { containersMay: "all" },
        nginx: {
          unclaimedPath: "301 http://$host/web1$request_uri",
          accessLog: { file: log, format: "json" },
          trustedProxies: ["0.0.0.0/0"],
          files: { vhosts, passwords },
        },
      },
      [
        await rig.app("web1", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "/web1/", HTTPS_METHOD: "nohttps" }),
        await rig.app("pattern", { VIRTUAL_HOST: PATTERN, HTTPS_METHOD: "nohttps" }),
        await rig.app(
          "distrusting",
          { VIRTUAL_HOST: "distrusting.example" },
          nginxProxyLabel("trust-default-cert", "false"),
        ),
        await rig.app("trusting", { VIRTUAL_HOST: "trusting.example", HTTPS_METHOD: "noredirect" }),
        await rig.app("short", { VIRTUAL_HOST: "short.example", ...hsts("max-age=300; preload") }),
        await rig.app("older", {
          VIRTUAL_HOST: "ports.example",
          HTTPS_METHOD: "nohttps",
          EXTERNAL_HTTP_PORT: `${ports[0]}`,
        }),
        await rig.app("newer", {
          VIRTUAL_HOST_MULTIPORTS: `ports.example: {external_http_port: ${ports[1]}, /newer: null}`,
        }),
        await rig.app("quic", { VIRTUAL_HOST: "quic.example" }, nginxProxyLabel("http3.enable", "true")),
        await rig.app("kept", { VIRTUAL_HOST: "kept.example", HTTPS_METHOD: "nohttps" }),
        await rig.app(
          "unkept",
          { VIRTUAL_HOST: "unkept.example", HTTPS_METHOD: "nohttps" },
          nginxProxyLabel("keepalive", "disabled"),
        ),
      ],
    );
  });
  after(async () => await rig.close());

  test("DEFAULT_ROOT with an address redirects paths that no container serves", async () => {
    const { status, headers } = await rig.ask({ host: "paths.example", path: "/other?a=1" });
    assert.deepEqual([status, headers.location], [301, "http://paths.example/web1/other?a=1"]);
  });

  test("a host that does not trust the default certificate is served over HTTP, and TLS handshakes fail", async () => {
    assert.equal((await rig.echo({ host: "distrusting.example" }))?.app, "distrusting");
    assert.equal((await rig.ask({ host: "distrusting.example", tls: true })).status, 0);
    assert.equal((await rig.ask({ host: "trusting.example", tls: true })).status, 200);
    assert.equal((await rig.ask({ host: "unknown.example", tls: true })).status, 503);
  });

  test("a value of HSTS with preload and a short max-age is sent as written", async () => {
    const { headers } = await rig.ask({ host: "short.example", tls: true });
    assert.equal(headers["strict-transport-security"], "max-age=300; preload");
  });

  test("JSON log lines have the field names of nginx-proxy", async () => {
    await rig.ask({ host: "kept.example", path: "/logged", headers: { "user-agent": "browser", referer: "from" } });
    const line = await eventually("the line is written", () =>
      readFileSync(log, "utf8")
        .split("\n")
        .find((text) => text.includes("/logged")),
    );
    const fields = JSON.parse(line) as Record<string, string>;
    assert.equal(fields["request"], "GET /logged HTTP/1.1");
    assert.deepEqual([fields["http_user_agent"], fields["http_referrer"]], ["browser", "from"]);
    assert.deepEqual([fields["client_ip"], fields["remote_addr"]], ["127.0.0.1", "127.0.0.1"]);
    assert.match(String(fields["time_local"]), /^\d{4}-\d\d-\d\dT/);
    const others = "status body_bytes_sent request_time upstream_response_time upstream_addr request_id".split(" ");
    assert.deepEqual(
      others.filter((name) => !/^[0-9a-f.:]+$/.test(fields[name] ?? "")),
      [],
    );
  });

  test("a port of VIRTUAL_HOST_MULTIPORTS prevails over EXTERNAL_HTTP_PORT of an older container", async () => {
    assert.equal((await rig.echo({ host: "ports.example", port: ports[1]! }))?.app, "older");
    assert.equal((await rig.ask({ host: "ports.example", port: ports[0]! })).status, 0);
    const { virtualHosts } = await rig.status();
    const { conflicts } = virtualHosts.find(({ host }) => host === "ports.example") ?? {};
    assert.match(
      conflicts?.[0]?.reason ?? "",
      /EXTERNAL_HTTP_PORT: conflicts with VIRTUAL_HOST_MULTIPORTS of container newer/,
    );
  });

  test("`http3.enable` without ENABLE_HTTP3 is reported", async () => {
    const { virtualHosts } = await rig.status();
    const { settings } = virtualHosts.find(({ host }) => host === "quic.example") ?? {};
    assert.ok(
      settings?.some((one) => one.startsWith("no HTTP/3: it is disabled by the operator")),
      String(settings),
    );
  });

  test("unknown hosts do not see nginx's version", async () => {
    const { status, headers } = await rig.ask({ host: "unknown.example" });
    assert.deepEqual([status, headers["server"]], [503, "nginx"]);
  });

  test("apps without keepalive connections get `Connection: close`", async () => {
    assert.equal((await rig.echo({ host: "unkept.example" }))?.headers.connection, "close");
    assert.equal((await rig.echo({ host: "kept.example" }))?.headers.connection, undefined);
    const upgrade = { connection: "upgrade", upgrade: "websocket" };
    assert.equal((await rig.echo({ host: "unkept.example", headers: upgrade }))?.headers.connection, "upgrade");
  });

  test("the realm of a password names the host and path, but not a regular expression", async () => {
    const realm = async (host: string, path: string) =>
      (await rig.ask({ host, path })).headers["www-authenticate"] ?? "";
    assert.equal(await realm("re1.example", "/"), 'Basic realm="Restricted access"');
    assert.equal(await realm("paths.example", "/web1/"), 'Basic realm="Restricted paths.example/web1/"');
  });

  test("`X-Forwarded-Proto: wss` of a trusted proxy is passed on", async () => {
    const headers = { "x-forwarded-proto": "wss" };
    const passed = (await rig.echo({ host: "kept.example", headers }))?.headers;
    assert.deepEqual([passed?.["x-forwarded-proto"], passed?.["x-forwarded-port"]], ["wss", "443"]);
  });

  test("your own server in the same directory may be the default server, while it is there", async () => {
    for (const parameters of ["default_server", "default"]) {
      writeFileSync(own, `server { listen ${rig.plainPort} ${parameters}; listen 127.0.0.9:1; return 418; }\n`);
      await eventually("it serves unknown names", async () => {
        // An operator reloads nginx for an own file; a publication reloads it, too.
        rig.refresh();
        return (await rig.ask({ host: "unknown.example" })).status === 418;
      });
      assert.equal((await rig.echo({ host: "kept.example" }))?.app, "kept");
      rmSync(own);
      await eventually("Sallyport's is the default again", async () => {
        rig.refresh();
        return (await rig.ask({ host: "unknown.example" })).status === 503;
      });
    }
  });
});

describe("DEFAULT_ROOT=none", { skip }, () => {
  const rig = new NginxRig();
  const vhosts = join(rig.directory, "vhosts");
  before(async () => {
    mkdirSync(vhosts);
    writeFileSync(join(vhosts, "paths.example"), "location / { return 200 mine; }\n");
    const nginx = { unclaimedPath: "none", files: { vhosts } };
    await rig.start({ nginx }, [await rig.app("web1", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "/web1" })]);
  });
  after(async () => await rig.close());

  test("leaves `location /` to your own file for the host", async () => {
    assert.equal((await rig.ask({ host: "paths.example" })).body, "mine");
    assert.equal((await rig.echo({ host: "paths.example", path: "/web1" }))?.app, "web1");
  });
});
