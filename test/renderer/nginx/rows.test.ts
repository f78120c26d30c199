import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { callGrpc, secureGrpcApp } from "./apps.ts";
import { negotiate } from "./handshake.ts";
import { nginxProxyLabel } from "./options.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

describe("rows of docs/reference/nginx-proxy.md with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const directories = ["vhosts", "passwords"].map((name) => join(rig.directory, name));
  const [vhosts = "", passwords = ""] = directories;
  const log = join(rig.directory, "access.log");

  before(async () => {
    for (const directory of directories) mkdirSync(directory);
    writeFileSync(join(passwords, `paths.example_${sha1("/locked/")}`), "user:{PLAIN}secret\n");
    writeFileSync(join(vhosts, `paths.example_${sha1("/lines/")}_location`), "add_header X-Lines yes always;\n");
    writeFileSync(
      join(vhosts, `paths.example_${sha1("/instead/")}_location_override`),
      "location /instead/ { return 418; }\n",
    );
    writeFileSync(join(vhosts, "default"), "add_header X-Every-Host yes always;\n");
    for (const name of ["default", "modern.example", "grpcs.example", "clients.example", "own.example"])
      makeCertificate(rig.certificates, name, [name]);
    makeCertificate(rig.directory, "backend", ["backend"]);
    // A self-signed certificate is its own CA.
    copyFileSync(join(rig.certificates, "clients.example.crt"), join(rig.certificates, "clients.example.ca.crt"));
    const path = (path: string) => ({ VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: path });
    const all = ["sslPolicy", "serverTokens", "clientCertificates"];
    await rig.start(
      {
        routing: { containersMay: all },
        nginx: { accessLog: { file: log, format: "json" }, resolvers: ["192.0.2.53"], files: { vhosts, passwords } },
      },
      [
        await rig.app("root", path("/")),
        await rig.app("locked", path("/locked/")),
        await rig.app("lines", path("/lines/")),
        await rig.app("instead", path("/instead/")),
        await rig.app("modern", { VIRTUAL_HOST: "modern.example", SSL_POLICY: "Mozilla-Modern", SERVER_TOKENS: "off" }),
        await rig.app("named", { VIRTUAL_HOST: "named.example", CERT_NAME: "own.example" }),
        await rig.app("fallback", { VIRTUAL_HOST: "fallback.example" }),
        await rig.app(
          "untrusting",
          { VIRTUAL_HOST: "untrusting.example" },
          nginxProxyLabel("trust-default-cert", "false"),
        ),
        await rig.app(
          "secure",
          { VIRTUAL_HOST: "grpcs.example", VIRTUAL_PROTO: "grpcs" },
          {},
          secureGrpcApp(rig.directory),
        ),
        await rig.app("clients", { VIRTUAL_HOST: "clients.example" }),
        await rig.app(
          "kept",
          { VIRTUAL_HOST: "kept.example", HTTPS_METHOD: "noredirect" },
          nginxProxyLabel("keepalive", "7"),
        ),
        await rig.app("unkept", { VIRTUAL_HOST: "unkept.example" }, nginxProxyLabel("keepalive", "disabled")),
        await rig.app("least", { VIRTUAL_HOST: "least.example" }, nginxProxyLabel("loadbalance", "least_conn;")),
        await rig.app("status", { VIRTUAL_HOST: "status.example" }, nginxProxyLabel("non-get-redirect", "307")),
      ],
    );
  });
  after(async () => await rig.close());

  const subjectFor = async (servername: string): Promise<string | undefined> =>
    (await negotiate(rig.tlsPort, servername))?.subject;

  test("a path can have its own password file and directives", async () => {
    assert.equal((await rig.ask({ host: "paths.example", path: "/locked/", tls: true })).status, 401);
    const lines = await rig.ask({ host: "paths.example", path: "/lines/", tls: true });
    assert.deepEqual([lines.status, lines.headers["x-lines"]], [200, "yes"]);
    assert.equal((await rig.ask({ host: "paths.example", path: "/instead/", tls: true })).status, 418);
    assert.equal((await rig.ask({ host: "paths.example", path: "/", tls: true })).status, 200);
  });

  test("the file `default` applies to hosts without a file of their own", async () => {
    assert.equal((await rig.ask({ host: "fallback.example", tls: true })).headers["x-every-host"], "yes");
  });

  test("uses the certificate in CERT_NAME, else the host's own, else `default`", async () => {
    assert.equal(await subjectFor("named.example"), "own.example");
    assert.equal(await subjectFor("modern.example"), "modern.example");
    assert.equal(await subjectFor("fallback.example"), "default");
  });

  test("a host that rejects the `default` certificate is served over HTTP", async () => {
    assert.equal((await rig.echo({ host: "untrusting.example" }))?.app, "untrusting");
  });

  test("unknown names return 503 with the `default` certificate", async () => {
    assert.equal((await rig.ask({ host: "unknown.example", tls: true })).status, 503);
  });

  test("a permitted container sets TLS policy and server_tokens", async () => {
    assert.match(rig.text, /server_tokens off;[^}]*modern\.example\.crt;[^}]*ssl_protocols TLSv1\.3;/);
    assert.equal((await rig.ask({ host: "modern.example", tls: true })).headers["server"], "nginx");
    assert.match(String((await rig.ask({ host: "fallback.example", tls: true })).headers["server"]), /^nginx\/[0-9]/);
  });

  test("gRPC is proxied to an app with TLS", async () => {
    const body = await callGrpc(rig.tlsPort, "grpcs.example", "/p.S/Call");
    assert.equal(body, "grpc /p.S/Call");
  });

  test("a client with a certificate of the CA is served", async () => {
    const [cert, key] = ["crt", "key"].map((ending) =>
      readFileSync(join(rig.certificates, `clients.example.${ending}`)),
    );
    const options = { port: rig.tlsPort, servername: "clients.example", headers: { host: "clients.example" } };
    const status = await new Promise((resolve, reject) => {
      https
        .get({ ...options, cert, key, rejectUnauthorized: false, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .on("error", reject);
    });
    assert.equal(status, 200);
    assert.equal((await rig.ask({ host: "clients.example", tls: true })).status, 400);
  });

  test("labels set keepalive, balancing and the redirect status", async () => {
    assert.match(upstreamOf("kept"), /keepalive 7;/);
    assert.doesNotMatch(upstreamOf("unkept"), /keepalive/);
    assert.match(upstreamOf("least"), /least_conn;/);
    assert.equal((await rig.ask({ host: "status.example", method: "PUT" })).status, 307);
    assert.equal((await rig.ask({ host: "status.example", method: "HEAD" })).status, 301);
  });

  test("logs requests with any content as JSON", async () => {
    await rig.ask({ host: "kept.example", path: '/log?"\\x', headers: { "user-agent": 'evil"\u00ff\\' } });
    const line = await eventually("the line is written", () =>
      readFileSync(log, "utf8")
        .split("\n")
        .find((text) => text.includes("/log?")),
    );
    const { host, status, upstream_addr } = JSON.parse(line) as Record<string, string>;
    assert.deepEqual([host, status, upstream_addr], ["kept.example", "200", `127.0.0.1:${rig.portOf("kept")}`]);
    assert.match(rig.text, /^resolver 192\.0\.2\.53;$/m);
  });

  /** Returns the `upstream` block of one container. */
  function upstreamOf(app: string): string {
    return new RegExp(`upstream \\S+ \\{[^}]*# ${app}\n[^}]*\\}`).exec(rig.text)?.[0] ?? "";
  }
});
