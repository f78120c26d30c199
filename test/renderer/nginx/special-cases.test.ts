import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { negotiate } from "./handshake.ts";
import { nginxProxyLabel } from "./options.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");
const PATTERN = "~^re[0-9]\\.example$";
const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

describe("special cases of docs/reference/nginx-proxy.md with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const [vhosts, passwords, errors] = ["vhosts", "passwords", "errors"].map((name) => join(rig.directory, name)) as [
    string,
    string,
    string,
  ];
  const log = join(rig.directory, "access.log");

  before(async () => {
    for (const directory of [vhosts, passwords, errors]) mkdirSync(directory);
    writeFileSync(join(vhosts, sha1(PATTERN)), "location = /from-file { return 418; }\n");
    writeFileSync(join(vhosts, "default_location"), "add_header X-Every-Location yes always;\n");
    writeFileSync(join(passwords, sha1(PATTERN)), "user:{PLAIN}secret\n");
    writeFileSync(join(errors, "50x.html"), "no server\n");
    writeFileSync(join(errors, "down.example.html"), "maintenance\n");
    for (const stem of ["front.example", "named"]) makeCertificate(rig.certificates, stem, [stem]);
    const path = (text: string, more = {}) => ({ VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: text, ...more });
    await rig.start(
      {
        containers: { where: [{ not: { label: "proxy=other" } }] },
        routing: { containersMay: ["regex"] },
        nginx: {
          defaults: { http2: false, httpsMethod: "noredirect" },
          defaultHost: "front.example",
          unclaimedPath: 410,
          accessLog: { file: log, format: "vhost" },
          files: { vhosts, passwords, errors },
        },
      },
      [
        await rig.app("front", { VIRTUAL_HOST: "front.example" }),
        await rig.app("others", { VIRTUAL_HOST: "others.example" }, { labels: { proxy: "other" } }),
        await rig.app("pattern", { VIRTUAL_HOST: PATTERN, CERT_NAME: "named" }),
        await rig.app("down", { VIRTUAL_HOST: "down.example" }, { health: "unhealthy" }),
        await rig.app("down-too", { VIRTUAL_HOST: "down-too.example" }, { health: "unhealthy" }),
        await rig.app("before", path("^~ /files/")),
        await rig.app("scripts", path("~* \\.PHP$", { VIRTUAL_DEST: "/left-out" })),
        await rig.app("empty", { VIRTUAL_HOST: "empty.example", VIRTUAL_PATH: "", VIRTUAL_PORT: "", CERT_NAME: "" }),
        await rig.app("several", {
          VIRTUAL_HOST: "not-this.example",
          VIRTUAL_HOST_MULTIPORTS: "several.example: {/: {proto: HTTP}, '= /one': null}",
        }),
        await rig.app("challenges", { VIRTUAL_HOST: "acme.example", VIRTUAL_PATH: "/.well-known/acme-challenge/" }),
        await rig.app("errors", { VIRTUAL_HOST: "errors.example", VIRTUAL_PATH: "/sallyport-errors/" }),
        ...(await Promise.all(
          ["hash-uri", "random", "hash-address", "least-conn"].flatMap((balance) =>
            [1, 2].map(
              async (number) =>
                await rig.app(
                  `${balance}-${number}`,
                  { VIRTUAL_HOST: `${balance}.example` },
                  nginxProxyLabel("loadbalance", balance),
                ),
            ),
          ),
        )),
        await rig.app(
          "unkept",
          { VIRTUAL_HOST: "unkept.example" },
          nginxProxyLabel("keepalive", "disabled"),
          portTellingApp(),
        ),
        await rig.app("kept", { VIRTUAL_HOST: "kept.example" }, nginxProxyLabel("keepalive", "1"), portTellingApp()),
      ],
    );
  });
  after(async () => await rig.close());

  const negotiated = async (servername: string): Promise<(string | undefined)[]> => {
    const found = await negotiate(rig.tlsPort, servername);
    return [found?.subject, found?.protocol];
  };

  const answerOf = async (host: string, path = "/"): Promise<string | undefined> =>
    (await rig.echo({ host, path }))?.app;

  test("the default host serves unknown names over HTTPS with its own certificate", async () => {
    assert.deepEqual(await negotiated("unknown.example"), ["front.example", "http/1.1"]);
    assert.equal((await rig.echo({ host: "unknown.example", tls: true }))?.app, "front");
  });

  test("a container of another proxy is not routed", async () => {
    assert.equal(await answerOf("others.example"), "front");
  });

  test("HTTP/2 is not negotiated when the operator disables it", async () => {
    assert.deepEqual(await negotiated("re1.example"), ["named", "http/1.1"]);
  });

  test("a regular expression's files are found by its SHA-1, its certificate by CERT_NAME", async () => {
    assert.equal((await rig.ask({ host: "re1.example", path: "/from-file" })).status, 418);
    assert.equal((await rig.ask({ host: "re2.example" })).status, 401);
  });

  test("`default_location` applies to locations without a file of their own", async () => {
    assert.equal((await rig.ask({ host: "front.example" })).headers["x-every-location"], "yes");
  });

  test("a host shows its own error page, other hosts the default page", async () => {
    assert.equal((await rig.ask({ host: "down.example" })).body, "maintenance\n");
    assert.equal((await rig.ask({ host: "down-too.example" })).body, "no server\n");
  });

  test("prefix paths with ^~ and case-insensitive regular expressions are routed", async () => {
    assert.equal(await answerOf("paths.example", "/files/x.php"), "before");
    assert.equal(await answerOf("paths.example", "/x.php"), "scripts");
  });

  test("VIRTUAL_DEST with a regular expression is ignored and reported", async () => {
    assert.equal((await rig.echo({ host: "paths.example", path: "/x.php" }))?.url, "/x.php");
    assert.ok(
      rig.logged.some(({ container, reason }) => container === "scripts" && String(reason).includes(`"/left-out"`)),
    );
  });

  test("paths without a container return the operator's status", async () => {
    assert.equal((await rig.ask({ host: "paths.example", path: "/else" })).status, 410);
  });

  test("empty variables are treated as unset", async () => {
    assert.equal(await answerOf("empty.example"), "empty");
  });

  test("VIRTUAL_HOST_MULTIPORTS takes precedence over VIRTUAL_HOST", async () => {
    assert.deepEqual(
      [await answerOf("several.example", "/one"), await answerOf("not-this.example")],
      ["several", "front"],
    );
  });

  test("an app may serve a path that Sallyport uses itself", async () => {
    assert.equal(await answerOf("acme.example", "/.well-known/acme-challenge/x"), "challenges");
    assert.equal(await answerOf("errors.example", "/sallyport-errors/x"), "errors");
  });

  test("requests are balanced by the method in the label", async () => {
    const met = async (host: string, paths: readonly string[]): Promise<number> =>
      new Set(await Promise.all(paths.map(async (path) => await answerOf(host, path)))).size;
    const many = Array.from({ length: 40 }, (_, index) => `/${index}`);
    assert.equal(
      await met(
        "hash-uri.example",
        Array.from({ length: 10 }, () => "/same"),
      ),
      1,
    );
    assert.equal(await met("hash-uri.example", many), 2);
    assert.equal(await met("hash-address.example", many), 1);
    assert.equal(await met("random.example", many), 2);
    assert.equal(await met("least-conn.example", many), 2);
  });

  test("the label controls keepalive connections to the app", async () => {
    const port = async (host: string): Promise<string> => (await rig.ask({ host })).body;
    assert.equal(await port("kept.example"), await port("kept.example"));
    assert.notEqual(await port("unkept.example"), await port("unkept.example"));
  });

  test("logs requests with their host in the `vhost` format", async () => {
    await rig.ask({ host: "front.example", path: "/logged" });
    const line = await eventually("the line is written", () => /^.*\/logged.*$/m.exec(readFileSync(log, "utf8"))?.[0]);
    assert.match(line, /^front\.example 127\.0\.0\.1 - - \[[^\]]+\] "GET \/logged HTTP\/1\.1" 200 /);
  });
});

test("`accessLog: off` disables the access log regardless of nginx.conf", { skip }, async () => {
  const rig = new NginxRig();
  try {
    await rig.start({ nginx: { accessLog: "off" } }, [await rig.app("app", { VIRTUAL_HOST: "app.example" })]);
    assert.equal((await rig.echo({ host: "app.example" }))?.app, "app");
    assert.match(rig.text, /server_name app\.example;\n +access_log off;/);
    assert.doesNotMatch(rig.text, /^ *access_log (?!off;)/m);
  } finally {
    await rig.close();
  }
});

/** Creates an app that responds with the client port of its connection. */
function portTellingApp(): http.Server {
  return http.createServer(({ socket }, response) => response.end(String(socket.remotePort)));
}
