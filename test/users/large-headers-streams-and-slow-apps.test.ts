import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { fastcgiApp } from "../renderer/nginx/apps.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { NginxRig, type Seen } from "../renderer/nginx/rig.ts";
import { requires } from "../requires.ts";

// The public reports are listed in README.md.
const skip = requires("nginx", "openssl");
const LONG_NAME = `${["a", "b", "c"].map((letter) => letter.repeat(63)).join(".")}.${"d".repeat(52)}.example`;
const CHUNKED = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

const EVENT = Buffer.from("data: 1\n\n");
const stream = (first: string, more: string): Buffer =>
  Buffer.from(`${first}\r\nContent-Type: text/event-stream\r\n${more}\r\n`);

/** Standard output of a FastCGI app. */
const output = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([1, 6, 0, 1, 0, content.length, 0, 0]), content]);

/** What an app with server-sent events sends first, and an event. */
const EVENTS: Readonly<Record<string, { protocol: string; head: Buffer; event: Buffer }>> = {
  chunks: {
    protocol: "http",
    head: stream("HTTP/1.1 200 OK", "Transfer-Encoding: chunked\r\n"),
    event: Buffer.from("9\r\ndata: 1\n\n\r\n"),
  },
  closing: { protocol: "http", head: stream("HTTP/1.1 200 OK", "Connection: close\r\n"), event: EVENT },
  http10: { protocol: "http", head: stream("HTTP/1.0 200 OK", ""), event: EVENT },
  uwsgi: { protocol: "uwsgi", head: stream("HTTP/1.1 200 OK", ""), event: EVENT },
  fastcgi: { protocol: "fastcgi", head: output(stream("Status: 200 OK", "")), event: output(EVENT) },
};

describe("what users of other proxies reported", { skip }, () => {
  const rig = new NginxRig();
  const runs = new Map<string, number>();
  const slow: Promise<Seen>[] = [];
  let recreated: (name: string) => Promise<void>;

  before(async () => {
    const [vhosts, passwords, errors] = ["vhosts", "passwords", "errors"].map((name) => join(rig.directory, name)) as [
      string,
      string,
      string,
    ];
    for (const directory of [vhosts, passwords, errors, join(rig.directory, "conf.d")])
      mkdirSync(directory, { recursive: true });
    const files = {
      "stored.example_location": "fastcgi_request_buffering on;\n",
      "stored-host.example": "fastcgi_request_buffering on;\n",
      "preflight.example_location": "if ($request_method = OPTIONS) { return 204; }\n",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(vhosts, name), text);
    writeFileSync(join(rig.directory, "conf.d", "own.conf"), "underscores_in_headers on;\n");
    writeFileSync(join(passwords, "preflight.example"), "user:{PLAIN}secret\n");
    writeFileSync(join(errors, "50x.html"), "down for maintenance\n");
    for (const name of ["tls", "gone", "broken", "long-requests"])
      makeCertificate(rig.certificates, `${name}.example`, [`${name}.example`]);
    writeFileSync(
      join(rig.certificates, "broken.example.key"),
      readFileSync(join(rig.certificates, "tls.example.key")),
    );
    const host = (name: string, more = {}) => ({ VIRTUAL_HOST: `${name}.example`, ...more });
    const label = (name: string, value: string) => ({ labels: { [`sallyport.${name}`]: value } });
    const fastcgi = { VIRTUAL_PROTO: "fastcgi" };
    let old = await rig.app("moved", host("moved"));
    recreated = async (name) => {
      const next = await rig.app(name, host("moved"));
      rig.update([next], [old.id]);
      old = next;
    };
    const gone = await rig.app("gone", host("gone"));
    await rig.start({ nginx: { files: { vhosts, passwords, errors } } }, [
      old,
      { ...gone, state: "exited" },
      await rig.app("echo", host("echo")),
      await rig.app("tls", host("tls"), label("non-get-redirect", "308")),
      await rig.app("broken", host("broken")),
      await rig.app("preflight", host("preflight")),
      await rig.app("headers", host("headers"), {}, longHeaders()),
      await rig.app("long-requests", host("long-requests", { HTTPS_METHOD: "noredirect" }), {}, measuring()),
      await rig.app("grpc", host("tls", { VIRTUAL_PROTO: "grpc", VIRTUAL_PATH: "/grpc/" }), {}, longGrpcHeaders()),
      ...(await Promise.all(
        Object.entries(EVENTS).map(async ([kind, { protocol }]) => {
          const env = host(`events-${kind}`, { VIRTUAL_PROTO: protocol });
          return await rig.app(`events-${kind}`, env, {}, events(kind));
        }),
      )),
      await rig.app("php", host("php", fastcgi), {}, fastcgiApp()),
      await rig.app("stored", host("stored", fastcgi), {}, fastcgiApp()),
      await rig.app("stored-host", host("stored-host", fastcgi), {}, fastcgiApp()),
      ...(await Promise.all(
        ["http", "fastcgi", "uwsgi"].flatMap((protocol) =>
          [1, 2, 3].map(
            async (number) =>
              await rig.app(
                `${protocol}-${number}`,
                host(`slow-${protocol}`, { VIRTUAL_PROTO: protocol }),
                label("timeout", "5s"),
                silent(() => runs.set(protocol, (runs.get(protocol) ?? 0) + 1)),
              ),
          ),
        ),
      )),
      await rig.app("path", host("path", { VIRTUAL_PATH: "/api", VIRTUAL_DEST: "/" })),
      await rig.app("same", host("path", { VIRTUAL_PATH: "/same/" })),
      await rig.app("long", { VIRTUAL_HOST: LONG_NAME }),
      await rig.app("idn", { VIRTUAL_HOST: "bücher.example" }),
      await rig.app("twice", { VIRTUAL_HOST: "twice.example, TWICE.example,twice.example.," }),
      await rig.app("wildcard", { VIRTUAL_HOST: "*.wild.example" }),
      await rig.app("exact", { VIRTUAL_HOST: "exact.wild.example" }),
      await rig.app("early", host("early"), label("body-size", "100m"), refusing()),
      await rig.app("failing", host("failing"), {}, statusApp(503)),
      await rig.app("media", host("media"), {}, media()),
      await rig.app("crashing", host("crashing"), {}, crashingOnce()),
    ]);
    for (const protocol of ["http", "fastcgi", "uwsgi"]) slow.push(rig.ask({ host: `slow-${protocol}.example` }));
  });
  after(async () => await rig.close());

  /** Sends this text on a connection and returns the response, at the latest when `until` was received. */
  const send = async (text: string, until?: string): Promise<string> => {
    const socket = net.connect(rig.plainPort, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      received += part;
      if (until !== undefined && received.includes(until)) socket.destroy();
    });
    socket.on("error", () => undefined).write(text);
    await once(socket, "close");
    return received;
  };
  const get = async (name: string, more: string, path = "/"): Promise<string> =>
    await send(`GET ${path} HTTP/1.1\r\nHost: ${name}.example\r\n${more}Connection: close\r\n\r\n`);

  for (const size of [5_000, 12_000, 30_000]) {
    test(`an app may send a header of ${size} bytes`, async () => {
      assert.equal(/^set-cookie: (c+)\r$/im.exec(await get("headers", "", `/${size}`))?.[1]?.length, size);
    });

    test(`a browser may send cookies of ${size} bytes, over HTTP/1.1 and HTTP/2`, async () => {
      const cookie = `a=${"c".repeat(size - 2)}`;
      assert.match(await get("long-requests", `Cookie: ${cookie}\r\n`), new RegExp(` cookie ${size}$`));
      assert.match(
        (await askHttp2(rig.tlsPort, "long-requests.example", { cookie })).body,
        new RegExp(` cookie ${size}$`),
      );
    });

    test(`a gRPC app may send a header of ${size} bytes`, async () => {
      const call = { ":method": "POST", ":path": `/grpc/${size}`, "content-type": "application/grpc" };
      assert.equal((await askHttp2(rig.tlsPort, "tls.example", call)).status, 200);
    });

    test(`a path may have ${size} bytes`, async () => {
      assert.match(await get("long-requests", "", `/${"q".repeat(size - 1)}`), new RegExp(`path ${size} `));
    });
  }

  for (const kind of Object.keys(EVENTS)) {
    test(`an event of an app with ${kind} reaches the client at once`, async () => {
      const text = `GET / HTTP/1.1\r\nHost: events-${kind}.example\r\n\r\n`;
      assert.match(await send(text, "data: 1"), /data: 1\n/);
    });
  }

  test("a chunked upload to PHP without stored requests gets 411", async () => {
    assert.match(await send(`PUT / HTTP/1.1\r\nHost: php.example\r\n${CHUNKED}`), /^HTTP\/1\.1 411 /);
  });

  for (const name of ["stored", "stored-host"]) {
    test(`a chunked upload reaches PHP with its length where the operator's file for ${name} stores requests`, async () => {
      const response = await send(`PUT / HTTP/1.1\r\nHost: ${name}.example\r\n${CHUNKED}`);
      assert.match(response, /^HTTP\/1\.1 200 /);
      assert.match(response, /"CONTENT_LENGTH":"3"/);
    });
  }

  for (const [index, protocol] of ["http", "fastcgi", "uwsgi"].entries()) {
    test(`a request that an app with ${protocol} does not answer in time runs once, not on each replica`, async () => {
      assert.equal((await slow[index])?.status, 504);
      assert.equal(runs.get(protocol), 1);
    });
  }

  test("a request is sent to the next replica at once after a connection error, and a POST that was sent is not", async () => {
    assert.equal((await rig.ask({ host: "crashing.example", method: "POST", body: "a" })).status, 502);
    assert.equal((await rig.ask({ host: "crashing.example", method: "POST", body: "a" })).status, 200);
  });

  test("an app that refuses an upload before its end is understood", async () => {
    const { status } = await rig.ask({ host: "early.example", method: "POST", body: Buffer.alloc(8_000_000) });
    assert.equal(status, 401);
  });

  test("an app's own 503 is not replaced by the operator's error page", async () => {
    assert.equal((await rig.ask({ host: "failing.example" })).body, "status 503");
  });

  test("a part of a file, its length and its ETag pass unchanged", async () => {
    const part = await rig.ask({ host: "media.example", headers: { range: "bytes=0-1" } });
    assert.deepEqual([part.status, part.body, part.headers["content-range"]], [206, "ab", "bytes 0-1/4"]);
    const head = await rig.ask({ host: "media.example", method: "HEAD" });
    assert.deepEqual([head.headers["content-length"], head.headers.etag], ["4", '"v1"']);
  });

  test("a client that waits for 100 Continue gets it, and the app receives the body", async () => {
    const text = "POST / HTTP/1.1\r\nHost: echo.example\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    assert.match(await send(text, "\r\n\r\n"), /^HTTP\/1\.1 100 Continue/);
  });

  test("cookies that an HTTP/2 client splits reach the app as one header", async () => {
    const { body } = await askHttp2(rig.tlsPort, "tls.example", { cookie: ["a=1", "b=2"] });
    assert.match(body, /"cookie":"a=1; b=2"/);
  });

  test("a header with underscores reaches the app where the operator allows it, and replaces none of Sallyport's", async () => {
    assert.match(await get("echo", "api_access_token: t\r\n"), /"api_access_token":"t"/);
    const php = await get("php", "X_Real_IP: 192.0.2.9\r\nX_Forwarded_Proto: https\r\n");
    assert.match(php, /"HTTP_X_REAL_IP":"127\.0\.0\.1"/);
    assert.match(php, /"HTTP_X_FORWARDED_PROTO":"http"/);
  });

  test("Firefox's `Connection: keep-alive, Upgrade` reaches the app as an upgrade to WebSocket", async () => {
    const headers = { connection: "keep-alive, Upgrade", upgrade: "WebSocket" };
    const received = (await rig.echo({ host: "echo.example", headers }))?.headers;
    assert.deepEqual([received?.upgrade, received?.connection], ["websocket", "upgrade"]);
  });

  test("a CORS preflight request to a host with a password is answered by the operator's file", async () => {
    assert.equal((await rig.ask({ host: "preflight.example", method: "OPTIONS" })).status, 204);
    assert.equal((await rig.ask({ host: "preflight.example" })).status, 401);
  });

  for (const [path, received] of Object.entries({
    "/same/a%2Fb": "/same/a%2Fb",
    "/same//a": "/same//a",
    "/api/a%20b": "/a%20b",
    "/api/a%1Cb": "/a%1Cb",
    "/api/%E4%BC?q=%2F": "/%E4%BC?q=%2F",
    "/api": "/",
  })) {
    test(`the app gets ${received} for ${path}`, async () => {
      assert.equal((await rig.echo({ host: "path.example", path }))?.url, received);
    });
  }

  test("a path with VIRTUAL_DEST does not serve a path that only begins like it", async () => {
    assert.equal((await rig.ask({ host: "path.example", path: "/apifoo" })).status, 404);
  });

  for (const [host, app] of Object.entries({
    [LONG_NAME]: "long",
    "xn--bcher-kva.example": "idn",
    "TWICE.Example": "twice",
    "twice.example.": "twice",
    "twice.example:8443": "twice",
    "exact.wild.example": "exact",
    "other.wild.example": "wildcard",
    "a.b.wild.example": "wildcard",
  })) {
    test(`${host.slice(0, 30)} is served by ${app}`, async () => {
      assert.equal((await rig.echo({ host }))?.app, app);
    });
  }

  test("a request of HTTP/1.0 with a host, and one with a whole address as its path, are served", async () => {
    assert.match(await send("GET / HTTP/1.0\r\nHost: echo.example\r\n\r\n"), /^HTTP\/1\.1 200 /);
    assert.match(
      await send("GET http://echo.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      /"app":"echo"/,
    );
  });

  test("a host whose app is stopped returns 503 with its own certificate", async () => {
    assert.equal((await rig.ask({ host: "gone.example", tls: true })).status, 503);
  });

  test("a certificate with the key of another one disables HTTPS of its own host only, and is reported", async () => {
    assert.equal((await rig.ask({ host: "broken.example", tls: true })).status, 0);
    assert.equal((await rig.ask({ host: "tls.example", tls: true })).status, 200);
    assert.match(JSON.stringify(await rig.status()), /broken\.example/);
  });

  test("a POST is redirected to HTTPS with 308 if a label sets this", async () => {
    assert.equal((await rig.ask({ host: "tls.example", method: "POST" })).status, 308);
    assert.equal((await rig.ask({ host: "tls.example" })).status, 301);
  });

  test("a container that is re-created with another address is followed", async () => {
    for (const name of ["moved", "moved-again", "moved"]) {
      await recreated(name);
      await eventually("the new container answers", async () => {
        const { status, body } = await rig.ask({ host: "moved.example" });
        return status === 200 && body.includes(`"app":"${name}"`);
      });
    }
  });
});

function longHeaders(): net.Server {
  return net.createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", (data) => {
        const size = Number(/^GET \/([0-9]+) /.exec(data.toString("latin1"))?.[1]);
        socket.end(`HTTP/1.1 204 No Content\r\nSet-Cookie: ${"c".repeat(size)}\r\nConnection: close\r\n\r\n`);
      });
  });
}

/** Responds with the length of the path and of the cookies. Node's own server accepts 16 KiB. */
function measuring(): net.Server {
  return net.createServer((socket) => {
    let head = "";
    socket
      .on("error", () => undefined)
      .on("data", (data) => {
        head += data.toString("latin1");
        if (!head.includes("\r\n\r\n")) return;
        const path = head.split(" ")[1]?.length;
        const body = `path ${path} cookie ${/^cookie: (.*)\r$/im.exec(head)?.[1]?.length ?? 0}`;
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
      });
  });
}

function longGrpcHeaders(): net.Server {
  return http2.createServer().on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    const long = "g".repeat(Number(headers[":path"]?.slice("/grpc/".length)));
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc", "x-long": long });
    stream.end();
  });
}

/** Sends one event after the headers and leaves the response open. */
function events(kind: string): net.Server {
  const { head, event } = EVENTS[kind]!;
  return net.createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", () => {
        socket.write(head, () => socket.write(event));
      });
  });
}

/** Receives requests and never responds. */
function silent(onRequest: () => void): net.Server {
  return net.createServer((socket) => {
    socket.on("error", () => undefined).once("data", onRequest);
  });
}

/** Responds before it has read the body, and closes the connection. */
function refusing(): net.Server {
  return net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () =>
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    );
  });
}

function statusApp(status: number): http.Server {
  return http.createServer((_, response) => response.writeHead(status).end(`status ${status}`));
}

function media(): http.Server {
  return http.createServer(({ headers, method }, response) => {
    const isPart = headers.range !== undefined;
    const body = isPart ? "ab" : "abcd";
    const range = isPart ? { "content-range": "bytes 0-1/4" } : {};
    response.writeHead(isPart ? 206 : 200, { etag: '"v1"', "content-length": body.length, ...range });
    response.end(method === "HEAD" ? undefined : body);
  });
}

/** Closes its first connection without a response. */
function crashingOnce(): net.Server {
  let connections = 0;
  return net.createServer((socket) => {
    connections += 1;
    const isFirst = connections === 1;
    socket
      .on("error", () => undefined)
      .once("data", () => {
        if (isFirst) socket.destroy();
        else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
      });
  });
}

async function askHttp2(
  port: number,
  host: string,
  headers: http2.OutgoingHttpHeaders,
): Promise<{ status: number; body: string }> {
  const session = http2.connect(`https://127.0.0.1:${port}`, { servername: host, rejectUnauthorized: false });
  try {
    const stream = session.on("error", () => undefined).request({ ":authority": host, ...headers });
    let [status, body] = [0, ""];
    stream.on("response", (received) => (status = Number(received[":status"])));
    stream.setEncoding("utf8").on("data", (part: string) => (body += part));
    stream.on("error", () => undefined).end();
    await once(stream, "close");
    return { status, body };
  } finally {
    session.destroy();
  }
}
