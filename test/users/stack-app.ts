import * as http from "node:http";
import * as http2 from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";

/** The app of the users' tests with containers: HTTP on port 5000, and gRPC without TLS on port 5001. With LIFETIME_MS it crashes. */
function main(): void {
  const app = process.env["APP_NAME"] ?? "";
  // Headers of 32 KiB pass nginx.
  const server = http.createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
    if (pathname === "/download") return void send(response, Number(searchParams.get("chunks")));
    if (pathname === "/header") response.setHeader("x-long", "h".repeat(Number(searchParams.get("bytes"))));
    let bytes = 0;
    request.on("data", (part: Buffer) => (bytes += part.length));
    request.on("end", () => response.end(JSON.stringify({ app, bytes, headers: request.headers })));
  });
  server.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.on("data", (part) => socket.write(part)).on("error", () => socket.destroy());
  });
  server.listen(5000);
  http2.createServer().on("stream", answerCall).listen(5001);
  process.once("SIGTERM", () => process.exit());
  const lifetime = process.env["LIFETIME_MS"];
  if (lifetime !== undefined) setTimeout(() => process.exit(1), Number(lifetime));
}

/** Sends chunks of 16 KiB, four a second. */
async function send(response: http.ServerResponse, chunks: number): Promise<void> {
  for (let sent = 0; sent < chunks; sent += 1) {
    response.write(Buffer.alloc(16_384));
    await sleep(250);
  }
  response.end();
}

function answerCall(stream: http2.ServerHttp2Stream, { ":path": path }: http2.IncomingHttpHeaders): void {
  stream.on("error", () => undefined);
  stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.resume().on("end", () => stream.end(`grpc ${path}`));
}

main();
