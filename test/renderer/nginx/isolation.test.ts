import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { unmount } from "../../unmount.ts";
import { callGrpc, fastcgiApp, headerTellingGrpcApp, uwsgiApp } from "./apps.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";

/** An address whose X-Forwarded-For is trusted. */
const PROXY = "127.0.0.2";

describe("clients and virtual hosts behind one nginx", { skip: requires("nginx", "openssl") }, () => {
  const rig = new NginxRig();
  const hanging = hangingApp();
  before(async () => {
    makeCertificate(rig.certificates, "grpc.example", ["grpc.example"]);
    const path = (text: string, dest: string) => ({
      VIRTUAL_HOST: "paths.example",
      VIRTUAL_PATH: text,
      VIRTUAL_DEST: dest,
    });
    await rig.start(
      {
        routing: { containersMay: ["regex"] },
        nginx: {
          defaultHost: "plain.example",
          trustedProxies: [PROXY],
          upgrades: ["websocket", "tunnel/2"],
          connectionsPerAddress: 4,
        },
      },
      [
        await rig.app("plain", { VIRTUAL_HOST: "plain.example" }),
        await rig.app("below", { VIRTUAL_HOST: "plain.example", VIRTUAL_PATH: "/below/", VIRTUAL_DEST: "/" }),
        await rig.app("exact", { VIRTUAL_HOST: "plain.example", VIRTUAL_PATH: "= /exact" }),
        await rig.app("pattern", { VIRTUAL_HOST: "plain.example", VIRTUAL_PATH: "~ ^/pattern[0-9]" }),
        await rig.app("php", { VIRTUAL_HOST: "php.example", VIRTUAL_PROTO: "fastcgi" }, {}, fastcgiApp()),
        await rig.app("uwsgi", { VIRTUAL_HOST: "uwsgi.example", VIRTUAL_PROTO: "uwsgi" }, {}, uwsgiApp()),
        await rig.app("grpc", { VIRTUAL_HOST: "grpc.example", VIRTUAL_PROTO: "grpc" }, {}, headerTellingGrpcApp()),
        await rig.app("hanging", { VIRTUAL_HOST: "hanging.example" }, {}, hanging),
        await rig.app("neither", path("/neither", "/files/neither")),
        await rig.app("dest", path("/public", "/files/public/")),
        await rig.app("path", path("/private/", "/files/private")),
        await rig.app("both", path("/both/", "/files/both/")),
        await rig.app("none", path("/api", "/")),
        await rig.app("strong", path("^~ /strong", "/files/strong/")),
        await rig.app("only", path("= /only", "/files/only/")),
        await rig.app("taken", path("/taken", "/files/taken/")),
        await rig.app("owner", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "/taken/" }),
        await rig.app("owner-exact", { VIRTUAL_HOST: "paths.example", VIRTUAL_PATH: "= /taken" }),
        await rig.app("root", { VIRTUAL_HOST: "root.example", VIRTUAL_PATH: "/", VIRTUAL_DEST: "/files" }),
        await rig.app("dots", path("/dots", "/files/..")),
      ],
    );
  });
  after(async () => await rig.close());

  /** The whole response to these lines, on a connection of its own. */
  async function raw(host: string, path: string, headers: readonly string[]): Promise<string> {
    const socket = net.connect(rig.plainPort, "127.0.0.1");
    socket.write([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers, "", ""].join("\r\n"));
    return await new Promise((resolve, reject) => {
      let text = "";
      socket
        .setEncoding("utf8")
        .on("error", reject)
        .setTimeout(15_000, () => socket.destroy());
      socket.on("data", (part: string) => {
        text += part;
        if (isComplete(text)) socket.destroy();
      });
      socket.on("close", () => resolve(text));
    });
  }

  const PLACES = [
    ["plain.example", "/"],
    ["plain.example", "/below/x"],
    ["plain.example", "/exact"],
    ["plain.example", "/pattern1"],
    ["unknown.example", "/"],
    ["php.example", "/index.php"],
    ["uwsgi.example", "/"],
  ] as const;

  for (const [what, headers] of [
    ["h2c", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"]],
    ["H2C in capitals", ["Connection: upgrade", "Upgrade: H2C"]],
    ["h2c after websocket", ["Connection: Upgrade", "Upgrade: websocket, h2c"]],
    ["h2c before websocket", ["Connection: Upgrade", "Upgrade: h2c, websocket"]],
    ["h2c in a second header", ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"]],
    ["a version of websocket", ["Connection: Upgrade", "Upgrade: websocket/13"]],
    ["TLS", ["Connection: Upgrade", "Upgrade: TLS/1.2"]],
    ["h2c next to other options", ["Connection: keep-alive, Upgrade, X-Forwarded-For", "Upgrade: h2c"]],
  ] as const) {
    test(`a request to upgrade to ${what} reaches no app`, async () => {
      for (const [host, path] of PLACES) {
        const response = await raw(host, path, headers);
        assert.match(response, /^HTTP\/1\.1 200 /, `${host}${path}`);
        assert.doesNotMatch(response, /h2c|TLS|websocket\/|http2.settings|x-forwarded-for, /i, `${host}${path}`);
        if (!headers.includes("Upgrade: websocket" as never))
          assert.doesNotMatch(response, /upgrade/i, `${host}${path}`);
      }
    });
  }

  test("a request to upgrade to WebSocket or a protocol of the operator reaches the app", async () => {
    for (const [sent, expected] of [
      ["WebSocket", "websocket"],
      ["TUNNEL/2", "tunnel/2"],
    ] as const) {
      for (const [host, path] of PLACES.slice(0, 5)) {
        const response = await raw(host, path, ["Connection: keep-alive, Upgrade", `Upgrade: ${sent}`]);
        assert.match(response, new RegExp(`"upgrade":"${expected}"`), `${host}${path}`);
        assert.match(response, /"connection":"upgrade"/, `${host}${path}`);
      }
    }
  });

  const FORGED = [
    "Forwarded: for=10.0.0.1;proto=https;host=evil.example",
    "X-Forwarded-For: 10.66.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 6666",
    "X-Forwarded-Ssl: on",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Scheme: https",
    "X-Forwarded-Server: evil.example",
    "X-Real-IP: 10.66.0.1",
    "X-Original-URI: /evil",
    "Proxy: http://evil.example",
  ];

  test("a client's forwarding headers reach no app of any protocol", async () => {
    for (const [host, path] of PLACES) {
      const response = await raw(host, path, FORGED);
      assert.match(response, /^HTTP\/1\.1 200 /, `${host}${path}`);
      assert.doesNotMatch(response, /evil|10\.66|6666|for=|"on"|=on |https/, `${host}${path}`);
    }
    const forged = Object.fromEntries(FORGED.map((line) => line.toLowerCase().split(": ") as [string, string]));
    const seen = await callGrpc(rig.tlsPort, "grpc.example", "/service/method", forged);
    // The connection itself uses HTTPS.
    assert.doesNotMatch(
      seen.replaceAll(/"x-forwarded-(?:proto|scheme|ssl)":"(?:https|on)"/g, ""),
      /evil|10\.66|6666|for=|"on"/,
    );
  });

  test("a trusted proxy's prefix reaches the app, its Forwarded header does not", async () => {
    const headers = { "x-forwarded-prefix": "/outer", forwarded: "for=10.0.0.1" };
    const echo = await rig.echo({ host: "plain.example", from: PROXY, headers });
    assert.deepEqual([echo?.headers["x-forwarded-prefix"], echo?.headers["forwarded"]], ["/outer", undefined]);
  });

  test("FastCGI and uwsgi apps get the host that selected them", async () => {
    for (const [host, path] of [
      ["php.example", "/x.php"],
      ["uwsgi.example", "/"],
    ] as const) {
      const response = await raw("evil.example", `http://${host}${path}`, []);
      assert.match(response, new RegExp(`HTTP_HOST"?[:=]"?${host}`), host);
    }
  });

  for (const [request, expected] of [
    ["/public/x", "/files/public/x"],
    ["/public", "/files/public/"],
    ["/public../secret", 404],
    ["/public..%2fsecret", 404],
    ["/public.../secret", 404],
    ["/publicity", 404],
    ["/public//../../secret", 400],
    ["/strong/x", "/files/strong/x"],
    ["/strong../secret", 404],
    ["/private/x", "/files/private/x"],
    ["/private/../secret", 404],
    ["/private/.hidden", "/files/private/.hidden"],
    ["/both/x", "/files/both/x"],
    ["/both/..", 404],
    ["/neither", "/files/neither"],
    ["/neither/x", "/files/neither/x"],
    ["/neither../secret", 404],
    ["/neither-secret", 404],
    ["/api", "/"],
    ["/api/x", "/x"],
    ["/api../x", 404],
    ["/only", "/files/only/"],
    ["/only../secret", 404],
    ["/taken", "/taken"],
    ["/taken/x", "/taken/x"],
    ["/taken../x", 404],
    ["/dots/x", "/dots/x"],
  ] as const) {
    test(`VIRTUAL_DEST: ${request} becomes ${expected}`, async () => {
      const seen = await raw("paths.example", request, []);
      if (typeof expected === "number") assert.match(seen, new RegExp(`^HTTP/1\\.1 ${expected} `));
      else assert.match(seen, new RegExp(`"url":"${expected}"`));
    });
  }

  test("VIRTUAL_DEST: the root of a host is replaced by a directory", async () => {
    assert.match(await raw("root.example", "/x", []), /"url":"\/files\/x"/);
    assert.match(await raw("root.example", "/..%2f..", []), /^HTTP\/1\.1 400 /);
  });

  /** Sends requests that the app does not answer, and waits until they have arrived. */
  async function occupy(client: string, count: number, { body = "" } = {}): Promise<net.Socket[]> {
    const earlier = hanging.requests;
    const sockets = Array.from({ length: count }, () =>
      net.connect({ port: rig.plainPort, localAddress: PROXY, host: "127.0.0.1" }),
    );
    for (const socket of sockets) {
      socket.on("error", () => undefined);
      socket.write(
        `POST / HTTP/1.1\r\nHost: hanging.example\r\nX-Forwarded-For: ${client}\r\nContent-Length: 1000\r\n\r\n${body}`,
      );
    }
    await eventually(`${count} requests have arrived`, () => hanging.requests - earlier === count);
    return sockets;
  }

  const statusFor = async (client: string): Promise<number> =>
    (await rig.ask({ host: "plain.example", from: PROXY, headers: { "x-forwarded-for": client } })).status;

  for (const [what, client, same, other, body] of [
    ["requests", "203.0.113.1", "203.0.113.1", "203.0.113.2", "x".repeat(1_000)],
    ["half-sent bodies", "203.0.113.3", "203.0.113.3", "203.0.113.4", "x"],
    ["requests from one IPv6 network", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1", "x"],
  ] as const) {
    test(`a client with too many ${what} gets 429, other clients are served`, async () => {
      const sockets = await occupy(client, 4, { body });
      assert.deepEqual([await statusFor(same), await statusFor(other)], [429, 200]);
      for (const socket of sockets) socket.destroy();
      await eventually("the client is served again", async () => (await statusFor(same)) === 200);
    });
  }

  test("FastCGI and uwsgi apps get no request without a length, because it would have to be stored", async () => {
    for (const host of ["php.example", "uwsgi.example"]) {
      const headers = { "transfer-encoding": "chunked" };
      assert.equal((await rig.ask({ host, method: "POST", headers, body: "data" })).status, 411, host);
      assert.equal((await rig.ask({ host, method: "POST", body: "data" })).status, 200, host);
    }
  });
});

describe("nginx with a small directory for temporary files", { skip: requires("nginx", "root") }, () => {
  const rig = new NginxRig();
  const [large, hanging] = [largeApp(), hangingApp()];
  const temporary = join(rig.directory, "temp");
  before(async () => {
    mkdirSync(temporary);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", temporary]);
    await rig.start({ nginx: { pathDefaults: { bodySize: "100m" } } }, [
      await rig.app("large", { VIRTUAL_HOST: "large.example" }, {}, large),
      await rig.app("hanging", { VIRTUAL_HOST: "hanging.example" }, {}, hanging),
      await rig.app("other", { VIRTUAL_HOST: "other.example" }),
      await rig.app("php", { VIRTUAL_HOST: "php.example", VIRTUAL_PROTO: "fastcgi" }, {}, fastcgiApp()),
    ]);
  });
  after(async () => {
    await rig.stopNginx();
    await unmount(temporary);
    await rig.close();
  });

  test("uploads that a host does not read break no other host", async () => {
    const sockets = Array.from({ length: 8 }, () => net.connect(rig.plainPort, "127.0.0.1"));
    for (const [index, socket] of sockets.entries()) {
      socket.on("error", () => undefined);
      const host = index % 2 === 0 ? "hanging.example" : "php.example";
      socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 50000000\r\n\r\n`);
      socket.write(Buffer.alloc(2_000_000));
    }
    await eventually("the uploads have arrived", () => hanging.requests === 4);
    for (const host of ["other.example", "php.example"]) {
      const body = Buffer.alloc(300_000, "x");
      assert.equal((await rig.ask({ host, method: "POST", body })).status, 200, host);
    }
    for (const socket of sockets) socket.destroy();
  });

  test("a large download to a slow client is complete", async () => {
    const size = await new Promise<number>((resolve, reject) => {
      http.get({ port: rig.plainPort, headers: { host: "large.example" }, agent: false }, (response) => {
        let bytes = 0;
        response.on("error", reject).on("end", () => resolve(bytes));
        // Reads when the app can send no more.
        void large.stalled().then(() => response.on("data", (part: Buffer) => (bytes += part.length)));
      });
    });
    assert.equal(size, large.size);
    assert.equal((await rig.ask({ host: "other.example", method: "POST", body: Buffer.alloc(100_000) })).status, 200);
  });
});

/** Whether this is a whole response with a length or in chunks. */
function isComplete(text: string): boolean {
  const [head = "", body] = text.split(/\r\n\r\n(.*)/s, 2);
  const length = /^content-length: ([0-9]+)/im.exec(head)?.[1];
  if (body === undefined) return false;
  return length === undefined ? body.endsWith("0\r\n\r\n") : body.length >= Number(length);
}

/** Creates an app that counts requests when their headers arrive, and never answers. */
function hangingApp(): http.Server & { requests: number } {
  const app = Object.assign(
    http.createServer(() => (app.requests += 1)),
    { requests: 0 },
  );
  return app;
}

/** Creates an app whose response is larger than all buffers. */
function largeApp(): http.Server & { size: number; stalled: () => Promise<unknown> } {
  const size = 64 * 1024 * 1024;
  let socket: net.Socket | null = null;
  const app = http.createServer((request, response) => {
    socket = request.socket;
    response.setHeader("content-length", size);
    response.end(Buffer.alloc(size));
  });
  const stalled = async (): Promise<unknown> => {
    let [last, unchanged] = [-1, 0];
    return await eventually("the app can send no more", () => {
      const sent = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
      unchanged = sent === last ? unchanged + 1 : 0;
      last = sent;
      return unchanged > 20;
    });
  };
  return Object.assign(app, { size, stalled });
}
