import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as tls from "node:tls";
import { promisify } from "node:util";
import { nginxVersion } from "../demo/local-nginx.ts";
import { eventually } from "../eventually.ts";
import { fastcgiApp, grpcApp, headerTellingGrpcApp, uwsgiApp } from "../renderer/nginx/apps.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { NginxRig } from "../renderer/nginx/rig.ts";
import { requires } from "../requires.ts";

const skip = requires("nginx", "openssl", "curl");

/** Whether this nginx serves HTTP/2 without TLS next to HTTP/1.1. */
const [, minor = 0, patch = 0] = (nginxVersion() ?? "").replace("nginx/", "").split(".").map(Number);
const hasHttp2Directive = minor > 25 || (minor === 25 && patch >= 1);

describe("requests through nginx next to files of the operator", { skip }, () => {
  const rig = new NginxRig();
  const idleTimes = new EventEmitter();
  const files: Readonly<Record<string, string>> = {
    "plain.example_location": "proxy_set_header X-Frame-Hint yes;\n",
    "own-host.example_location": 'proxy_set_header "Host" own.example;\nproxy_set_header X-Real-IP 192.0.2.1;\n',
    "server-level.example": "proxy_set_header X-Frame-Hint yes;\n",
    "both-levels.example": "proxy_set_header X-Outer yes;\n",
    "both-levels.example_location": "proxy_set_header X-Inner yes;\n",
    "php.example_location": "fastcgi_param APP_ENV prod;\n",
    "php-own.example_location": "fastcgi_param SCRIPT_FILENAME /other.php;\nfastcgi_index other.php;\nroot /other;\n",
    "uwsgi.example_location": "uwsgi_param APP_ENV prod;\n",
    "grpc.example_location": "grpc_set_header X-Frame-Hint yes;\n",
    "tls.example_location": "add_header X-Robots-Tag none;\n",
    "tls-server.example": "add_header X-Robots-Tag none always;\n",
    "tls-own.example_location": "add_header Strict-Transport-Security max-age=60 always;\n",
    "socket.example_location": "add_header X-Robots-Tag none;\nproxy_hide_header X-Powered-By;\n",
    "limits.example_location": "client_max_body_size 1m;\nproxy_read_timeout 9s;\n",
    "upstream.example": "location /api { proxy_pass http://upstream.example; }\n",
    "companion.example":
      "location ^~ /.well-known/acme-challenge/ { auth_basic off; allow all; root /usr/share/nginx/html; try_files $uri =404; break; }\n",
    "logged.example": "",
    "errors.example_location": "error_page 404 /none;\n",
  };

  before(async () => {
    const [vhosts, errors] = ["vhost.d", "errors"].map((name) => join(rig.directory, name)) as [string, string];
    for (const directory of [vhosts, errors]) mkdirSync(directory);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(vhosts, name), text);
    writeFileSync(join(vhosts, "logged.example"), `access_log ${rig.directory}/vhost.log vhost;\n`);
    writeFileSync(join(errors, "50x.html"), "down for maintenance\n");
    mkdirSync(join(rig.directory, "conf.d"));
    writeFileSync(join(rig.directory, "conf.d", "security.conf"), "add_header X-Frame-Options DENY always;\n");
    for (const name of ["tls", "tls-server", "tls-own", "tls-app", "switching", "hosted"])
      makeCertificate(rig.certificates, `${name}.example`, [`${name}.example`]);
    makeCertificate(rig.directory, "backend", ["sni.example"]);
    const plain = ["plain", "own-host", "server-level", "both-levels", "tls", "tls-server", "tls-own", "companion"];
    const label = (name: string, value: string) => ({ labels: { [`sallyport.${name}`]: value } });
    await rig.start({ reload: "channel", nginx: { files: { vhosts, errors } } }, [
      ...(await Promise.all(
        [...plain, "upstream", "logged"].map(async (name) => await rig.app(name, { VIRTUAL_HOST: `${name}.example` })),
      )),
      await rig.app("limits", { VIRTUAL_HOST: "limits.example" }, label("timeout", "30s")),
      await rig.app(
        "errors",
        { VIRTUAL_HOST: "errors.example" },
        {},
        net.createServer((socket) => socket.destroy()),
      ),
      await rig.app("below", { VIRTUAL_HOST: "plain.example", VIRTUAL_PATH: "/app/" }),
      await rig.app(
        "php",
        { VIRTUAL_HOST: "php.example", VIRTUAL_PROTO: "fastcgi", VIRTUAL_ROOT: "/srv" },
        {},
        fastcgiApp(),
      ),
      await rig.app("php-own", { VIRTUAL_HOST: "php-own.example", VIRTUAL_PROTO: "fastcgi" }, {}, fastcgiApp()),
      await rig.app("uwsgi", { VIRTUAL_HOST: "uwsgi.example", VIRTUAL_PROTO: "uwsgi" }, {}, uwsgiApp()),
      await rig.app("grpc", { VIRTUAL_HOST: "grpc.example", VIRTUAL_PROTO: "grpc" }, {}, headerTellingGrpcApp()),
      await rig.app("calls", { VIRTUAL_HOST: "calls.example", VIRTUAL_PROTO: "grpc" }, {}, grpcApp()),
      await rig.app("socket", { VIRTUAL_HOST: "socket.example" }, {}, webSocketApp()),
      await rig.app("switching", { VIRTUAL_HOST: "switching.example" }, {}, switchingApp()),
      await rig.app(
        "tls-app",
        { VIRTUAL_HOST: "tls-app.example" },
        {},
        headerApp({ "strict-transport-security": "max-age=1" }),
      ),
      await rig.app(
        "hsts-app",
        { VIRTUAL_HOST: "hsts-app.example" },
        {},
        headerApp({ "strict-transport-security": "max-age=1" }),
      ),
      await rig.app("sni", { VIRTUAL_HOST: "sni.example", VIRTUAL_PROTO: "https" }, {}, sniApp(rig.directory)),
      await rig.app(
        "sni-rpc",
        { VIRTUAL_HOST: "sni-rpc.example", VIRTUAL_PROTO: "grpcs" },
        {},
        sniRpcApp(rig.directory),
      ),
      await rig.app("idle", { VIRTUAL_HOST: "idle.example" }, {}, idleApp(idleTimes)),
      await rig.app("once", { VIRTUAL_HOST: "once.example" }, label("keepalive", "disabled"), onceApp()),
      await rig.app("to", { VIRTUAL_HOST: "to.example" }, label("redirect-from", "from.example")),
    ]);
  });
  after(async () => await rig.close());

  const curl = async (host: string, ...args: readonly string[]): Promise<string> => {
    const isTls = !args.includes("--plain");
    const port = isTls ? rig.tlsPort : rig.plainPort;
    const url = `${isTls ? "https" : "http"}://${host}:${port}/`;
    const options = ["-sS", "-k", "-i", "--max-time", "20", "--resolve", `${host}:${port}:127.0.0.1`];
    const { stdout } = await promisify(execFile)("curl", [...options, ...args.filter((one) => one !== "--plain"), url]);
    return stdout;
  };
  const params = async (host: string, path: string): Promise<Record<string, string>> =>
    JSON.parse((await rig.ask({ host, path })).body) as Record<string, string>;

  for (const [host, own] of [
    ["plain.example", ["x-frame-hint"]],
    ["server-level.example", ["x-frame-hint"]],
    ["both-levels.example", ["x-inner"]],
  ] as const) {
    test(`an operator's proxy_set_header for ${host} adds to the headers that apps get`, async () => {
      const { headers } = (await rig.echo({ host }))!;
      const expected = { host, "x-real-ip": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-host": host };
      assert.deepEqual({ ...headers, ...expected }, headers);
      for (const name of own) assert.equal(headers[name], "yes");
      assert.equal(headers.connection, undefined);
    });
  }

  test("an operator's proxy_set_header replaces Sallyport's header of the same name", async () => {
    const { headers } = (await rig.echo({ host: "own-host.example" }))!;
    assert.deepEqual(
      [headers.host, headers["x-real-ip"], headers["x-forwarded-host"]],
      ["own.example", "192.0.2.1", "own-host.example"],
    );
  });

  test("an operator's fastcgi_param adds to the parameters that PHP gets", async () => {
    const { APP_ENV, SCRIPT_FILENAME, REQUEST_METHOD, HTTP_HOST } = await params("php.example", "/a.php?b=c");
    assert.deepEqual(
      [APP_ENV, SCRIPT_FILENAME, REQUEST_METHOD, HTTP_HOST],
      ["prod", "/srv/a.php", "GET", "php.example"],
    );
  });

  test("an operator's file sets the script, the index and the root of a PHP app without a conflict", async () => {
    const { SCRIPT_FILENAME, SCRIPT_NAME, DOCUMENT_ROOT } = await params("php-own.example", "/");
    assert.deepEqual([SCRIPT_FILENAME, SCRIPT_NAME, DOCUMENT_ROOT], ["/other.php", "/other.php", "/other"]);
  });

  for (const [path, script, info] of [
    ["/", "/srv/index.php", ""],
    ["/sub/", "/srv/sub/index.php", ""],
    ["/index.php/path/info", "/srv/index.php", "/path/info"],
    ["/sub/page.php", "/srv/sub/page.php", ""],
  ] as const) {
    test(`PHP gets the script and PATH_INFO of ${path}`, async () => {
      const { SCRIPT_FILENAME, PATH_INFO } = await params("php.example", path);
      assert.deepEqual([SCRIPT_FILENAME, PATH_INFO], [script, info]);
    });
  }

  test("an operator's uwsgi_param adds to the variables that a uwsgi app gets", async () => {
    const { body } = await rig.ask({ host: "uwsgi.example", path: "/a" });
    for (const pair of ["APP_ENV=prod ", "PATH_INFO=/a ", "HTTP_HOST=uwsgi.example "]) assert.ok(body.includes(pair));
  });

  test("an operator's client_max_body_size and proxy_read_timeout replace the label's", async () => {
    assert.equal((await rig.ask({ host: "limits.example" })).status, 200);
    assert.equal((await rig.ask({ host: "limits.example", method: "POST", body: "x".repeat(2_000_000) })).status, 413);
  });

  test("an operator's error_page keeps the error page for apps that fail", async () => {
    assert.equal((await rig.ask({ host: "errors.example" })).body, "down for maintenance\n");
  });

  for (const [host, value] of [
    ["tls.example", "max-age=31536000"],
    ["tls-server.example", "max-age=31536000"],
    ["tls-app.example", "max-age=31536000"],
    ["tls-own.example", "max-age=60"],
  ] as const) {
    test(`${host} sends exactly one Strict-Transport-Security header, with every status`, async () => {
      for (const method of ["GET", "FOO"]) {
        const sent = await curl(host, "-X", method);
        assert.deepEqual(
          [...sent.matchAll(/^strict-transport-security: (.*)\r$/gim)].map(([, one]) => one),
          [value],
        );
      }
    });
  }

  test("an app's own Strict-Transport-Security header is sent where the host has none", async () => {
    const { headers } = await rig.ask({ host: "hsts-app.example" });
    assert.equal(headers["strict-transport-security"], "max-age=1");
  });

  test("an operator's headers for all virtual hosts are sent by hosts with TLS", async () => {
    assert.match(await curl("tls-app.example"), /^x-frame-options: DENY\r$/im);
  });

  for (const version of ["--http1.1", "--http2"]) {
    test(`curl ${version} gets a response of an app that offers another protocol, as Apache does`, async () => {
      const received = await curl("switching.example", version);
      assert.match(received, /\r\n\r\nswitching$/);
      assert.doesNotMatch(received, /^(?:upgrade|proxy-connection|te|keep-alive):/im);
    });
  }

  test("a WebSocket client gets the Upgrade header of the switch", async () => {
    const socket = net.connect(rig.plainPort, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: socket.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let received = "";
    socket.setEncoding("utf8").on("data", (part: string) => (received += part));
    await eventually("the app's frame arrives", () => received.includes("frame"));
    socket.destroy();
    assert.match(received, /^HTTP\/1\.1 101 [^]*\r\nUpgrade: websocket\r\n/i);
    assert.equal(received.match(/^upgrade:/gim)?.length, 1);
  });

  test("a request for a path without its slash is redirected to the port that the client uses", async () => {
    const { status, headers } = await rig.ask({ host: "plain.example:1234", path: "/app" });
    assert.equal(status, 301);
    const location = new URL(headers.location!, "http://plain.example:1234/app");
    assert.equal(location.href, "http://plain.example:1234/app/");
  });

  test("a redirect to another virtual host keeps the port that the client uses", async () => {
    const { headers } = await rig.ask({ host: "from.example:1234", path: "/a?b" });
    assert.equal(headers.location, "http://to.example:1234/a?b");
  });

  test("an operator's file passes requests to the host's upstream by the host's name", async () => {
    assert.equal((await rig.echo({ host: "upstream.example", path: "/api/x" }))?.app, "upstream");
  });

  test("an operator's file may have the location for ACME challenges", async () => {
    assert.equal((await rig.echo({ host: "companion.example" }))?.app, "companion");
    assert.equal((await rig.ask({ host: "companion.example", path: "/.well-known/acme-challenge/x" })).status, 404);
  });

  test("an operator's file may use nginx-proxy's log format `vhost`", async () => {
    assert.equal((await rig.echo({ host: "logged.example" }))?.app, "logged");
  });

  test("an app that chooses its certificate by the server name gets the host's name", async () => {
    assert.equal((await rig.ask({ host: "sni.example" })).body, "sni.example");
  });

  // An older nginx has one protocol for each port: CI runs this file with a current one as well.
  if (hasHttp2Directive)
    test("cleartext HTTP/2 and gRPC work next to HTTP/1.1", async () => {
      assert.match(await curl("plain.example", "--plain", "--http2-prior-knowledge"), /^HTTP\/2 200/);
      assert.match(await curl("plain.example", "--plain", "--http1.1"), /^HTTP\/1\.1 200/);
      assert.match(await curl("unknown.example", "--plain", "--http2-prior-knowledge"), /^HTTP\/2 503/);
      assert.equal(await call(rig.plainPort, "calls.example", "/service/method"), "grpc /service/method");
      assert.equal(await call(rig.plainPort, "sni-rpc.example", "/a"), "sni-rpc.example");
      const headers = JSON.parse(await call(rig.plainPort, "grpc.example", "/a")) as Record<string, string>;
      assert.deepEqual([headers["x-frame-hint"], headers["x-real-ip"]], ["yes", "127.0.0.1"]);
    });

  test("nginx closes an idle connection before the app does: Node waits for five seconds, others for one or two", async () => {
    const idle = once(idleTimes, "closed") as Promise<[number]>;
    assert.equal((await rig.ask({ host: "idle.example", method: "POST", body: "x" })).status, 200);
    const [ms] = await idle;
    assert.ok(ms < 4_000, `${ms} ms`);
  });

  test("an app with `keepalive=disabled` gets `Connection: close`", async () => {
    for (let round = 0; round < 2; round += 1) {
      const { body } = await rig.ask({ host: "once.example", method: "POST", body: "x" });
      assert.equal(body, "close");
    }
  });

  test("nothing is reported as quarantined", async () => {
    const { quarantined, virtualHosts } = await rig.status();
    assert.deepEqual(quarantined, []);
    assert.equal(virtualHosts.length > 20, true);
  });
});

/** Calls a gRPC method without TLS and returns the response body. */
async function call(port: number, host: string, path: string): Promise<string> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  const fields = {
    ":method": "POST",
    ":path": path,
    ":authority": host,
    "content-type": "application/grpc",
    te: "trailers",
  };
  const stream = session.request(fields);
  stream.end();
  let body = "";
  stream.setEncoding("utf8").on("data", (part: string) => (body += part));
  await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  session.close();
  return body;
}

function headerApp(headers: http.OutgoingHttpHeaders): http.Server {
  return http.createServer((request, response) => response.writeHead(200, headers).end("app"));
}

/** Creates an app that offers HTTP/2 and sends headers of its connection, as some servers do. */
function switchingApp(): net.Server {
  return net.createServer((socket) => {
    const hop =
      "Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: x\r\n";
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\n${hop}Content-Length: 9\r\n\r\nswitching`));
  });
}

function webSocketApp(): http.Server {
  return http.createServer().on("upgrade", (request, socket: net.Socket) => {
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframe");
  });
}

/** Creates a TLS server that rejects clients without a server name and responds with it. */
function sniApp(directory: string): net.Server {
  const app = http.createServer((request, response) => {
    response.end((request.socket as tls.TLSSocket & { servername: string }).servername);
  });
  return tls.createServer(secureBy(directory), (socket) => app.emit("connection", socket));
}

function sniRpcApp(directory: string): net.Server {
  return http2.createSecureServer(secureBy(directory)).on("stream", (stream, headers, flags) => {
    void headers;
    void flags;
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    stream.end((stream.session?.socket as (tls.TLSSocket & { servername: string }) | undefined)?.servername);
  });
}

function secureBy(directory: string): tls.SecureContextOptions & Pick<tls.TlsOptions, "SNICallback"> {
  const [cert, key] = ["crt", "key"]
    .map((ending) => join(directory, `backend.${ending}`))
    .map((path) => readFileSync(path));
  return { cert: cert!, key: key!, SNICallback: (name, done) => done(name === "" ? new Error("no name") : null) };
}

/** Creates an app that emits how long a connection was idle, in milliseconds, when the proxy closes it. */
function idleApp(idleTimes: EventEmitter): http.Server {
  const app = http.createServer((_, response) => response.end());
  app.keepAliveTimeout = 60_000;
  return app.on("connection", (socket) => {
    let last = 0;
    socket.on("data", () => (last = performance.now()));
    socket.on("end", () => idleTimes.emit("closed", performance.now() - last));
  });
}

/** Creates an app that closes its connection at the second request and responds with the Connection header. */
function onceApp(): net.Server {
  return net.createServer((socket) => {
    let isUsed = false;
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      if (isUsed) return void socket.destroy();
      isUsed = true;
      const [, connection = "none"] = /^connection: (.*)\r$/im.exec(data.toString("latin1")) ?? [];
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${connection.length}\r\n\r\n${connection}`);
    });
  });
}
