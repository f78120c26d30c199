import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { after, before, describe, test } from "node:test";
import { makeCertificate } from "./certificate-files.ts";
import { type Ask, NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

/** Request headers that describe the client and the original request. */
const DESCRIBED = ["host", "x-real-ip", "x-original-uri"];
const FORWARDED = ["for", "host", "proto", "ssl", "port"].map((name) => `x-forwarded-${name}`);

describe("request headers that apps receive from a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const asked: http.IncomingHttpHeaders[] = [];
  before(async () => {
    makeCertificate(rig.certificates, "tls.example", ["tls.example"]);
    const service = http.createServer((request, response) => {
      asked.push(request.headers);
      response.writeHead(401).end();
    });
    const auth = { sso: { host: "sso.example" } };
    await rig.start({ nginx: { trustedProxies: ["127.0.0.2"], auth, defaultHost: "guarded.example" } }, [
      await rig.app("wild", { VIRTUAL_HOST: "*.wild.example" }, { labels: { "sallyport.auth": "sso" } }),
      await rig.app("sso", { VIRTUAL_HOST: "sso.example" }, {}, service),
      await rig.app("guarded", { VIRTUAL_HOST: "guarded.example" }, { labels: { "sallyport.auth": "sso" } }),
      await rig.app("plain", { VIRTUAL_HOST: "plain.example" }),
      await rig.app("rewritten", { VIRTUAL_HOST: "plain.example", VIRTUAL_PATH: "/from/", VIRTUAL_DEST: "/to/" }),
      await rig.app("tls", { VIRTUAL_HOST: "tls.example" }),
      await rig.app("socket", { VIRTUAL_HOST: "socket.example" }, {}, webSocketApp()),
      await rig.app("version", { VIRTUAL_HOST: "version.example" }, {}, versionApp()),
    ]);
  });
  after(async () => await rig.close());

  const got = async (ask: Ask, names: readonly string[]): Promise<(string | string[] | undefined)[]> => {
    const headers = (await rig.echo(ask))?.headers;
    return names.map((name) => headers?.[name]);
  };

  test("a service decides on the host that serves a request, whatever a trusted proxy forwards of its client", async () => {
    const headers = { "X-Forwarded-Host": "public.example", "X-Forwarded-Proto": "https" };
    assert.equal((await rig.ask({ host: "guarded.example", from: "127.0.0.2", headers })).status, 401);
    // Clients of the default host request any name.
    for (const host of ["unknown.example", "a.wild.example:99"]) assert.equal((await rig.ask({ host })).status, 401);
    assert.deepEqual(
      asked.map((one) => [one["x-original-url"], one["x-forwarded-host"], one["x-forwarded-proto"]]),
      [
        ["https://guarded.example/", "guarded.example", "https"],
        ["http://guarded.example/", "guarded.example", "http"],
        ["http://a.wild.example:99/", "a.wild.example:99", "http"],
      ],
    );
  });

  test("forwards host, client address and scheme over HTTP", async () => {
    const ask = { host: "plain.example", path: "/x?y=1" };
    assert.deepEqual(await got(ask, DESCRIBED), ["plain.example", "127.0.0.1", "/x?y=1"]);
    assert.deepEqual(await got(ask, FORWARDED), ["127.0.0.1", "plain.example", "http", "off", "80"]);
  });

  test("forwards host, client address and scheme over HTTPS", async () => {
    const ask = { host: "tls.example", path: "/", tls: true };
    assert.deepEqual(await got(ask, FORWARDED), ["127.0.0.1", "tls.example", "https", "on", "443"]);
  });

  test("keeps the port of the Host header", async () => {
    const ask = { host: "tls.example:8443", tls: true };
    assert.deepEqual(await got(ask, ["host", "x-forwarded-port"]), ["tls.example:8443", "8443"]);
  });

  test("X-Original-URI has the requested path when VIRTUAL_DEST rewrites it", async () => {
    const echo = await rig.echo({ host: "plain.example", path: "/from/x" });
    assert.deepEqual([echo?.url, echo?.headers["x-original-uri"]], ["/to/x", "/from/x"]);
  });

  test("an address longer than 2 KiB is not sent again as X-Original-URI, and the client's header is removed", async () => {
    for (const [length, isSent] of [
      [2_048, true],
      [2_049, false],
    ] as const) {
      const path = `/${"a".repeat(length - 1)}`;
      const echo = await rig.echo({ host: "plain.example", path, headers: { "x-original-uri": "/forged" } });
      assert.deepEqual([echo?.url, echo?.headers["x-original-uri"]], [path, isSent ? path : undefined]);
    }
  });

  test("removes a client's `Proxy` header and replaces its forwarding headers", async () => {
    const headers = { proxy: "http://evil.example", "x-real-ip": "203.0.113.9", "x-forwarded-ssl": "on" };
    assert.deepEqual(await got({ host: "plain.example", headers }, ["proxy", "x-real-ip", "x-forwarded-ssl"]), [
      undefined,
      "127.0.0.1",
      "off",
    ]);
  });

  test("passes on all forwarding headers of a trusted proxy", async () => {
    const values = { for: "203.0.113.9", host: "outside.example", proto: "https", port: "8443" };
    const headers = Object.fromEntries(Object.entries(values).map(([name, value]) => [`x-forwarded-${name}`, value]));
    const ask = { host: "plain.example", headers, from: "127.0.0.2" };
    assert.deepEqual(await got(ask, FORWARDED), ["203.0.113.9, 127.0.0.2", "outside.example", "https", "on", "8443"]);
  });

  test("ignores invalid forwarding headers of a trusted proxy", async () => {
    const headers = { "x-forwarded-host": "a b", "x-forwarded-proto": "gopher", "x-forwarded-port": "x" };
    const ask = { host: "plain.example", headers, from: "127.0.0.2" };
    assert.deepEqual(await got(ask, FORWARDED.slice(1)), ["plain.example", "http", "off", "80"]);
  });

  test("upgrades to a WebSocket and forwards both directions", async () => {
    const socket = net.connect(rig.plainPort, "127.0.0.1");
    const upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
    socket.write(`GET / HTTP/1.1\r\nHost: socket.example\r\n${upgrade}\r\n`);
    let received = "";
    await new Promise<void>((resolve, reject) => {
      socket.setEncoding("utf8").on("data", (part: string) => {
        received += part;
        if (received.endsWith("\r\n\r\n")) socket.write("ping");
        if (received.endsWith("pong")) resolve();
      });
      socket.on("error", reject).on("close", () => reject(new Error(received)));
    });
    socket.destroy();
    assert.match(received, /^HTTP\/1\.1 101 /);
  });

  test("uses HTTP/1.1 with keepalive connections to apps", async () => {
    const response = async (): Promise<string> => (await rig.ask({ host: "version.example" })).body;
    const [first, second] = [await response(), await response()];
    assert.match(first, /^1\.1 connection=(?:undefined|keep-alive) from [0-9]+$/);
    assert.equal(second, first);
  });
});

function webSocketApp(): net.Server {
  return http.createServer().on("upgrade", (request, socket: net.Socket) => {
    const isAsked = request.headers.connection === "upgrade" && request.headers.upgrade === "websocket";
    socket.write(`HTTP/1.1 ${isAsked ? "101 Switching Protocols" : "400 Bad Request"}\r\n\r\n`);
    socket.on("data", () => socket.write("pong")).on("error", () => undefined);
  });
}

/** Creates an app that responds with the HTTP version, the Connection header and the client port. */
function versionApp(): net.Server {
  return http.createServer(({ httpVersion, headers, socket }, response) => {
    response.end(`${httpVersion} connection=${headers.connection} from ${socket.remotePort}`);
  });
}
