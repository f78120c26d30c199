import { readFileSync } from "node:fs";
import * as http2 from "node:http2";
import * as https from "node:https";
import * as net from "node:net";
import { join } from "node:path";

/** Creates an HTTPS app with the certificate `backend` of a directory. */
export function tlsApp(directory: string): https.Server {
  const [cert, key] = ["crt", "key"].map((ending) => readFileSync(join(directory, `backend.${ending}`)));
  return https.createServer({ cert: cert!, key: key! }, (request, response) => {
    response.end(JSON.stringify({ app: "tls", url: request.url, headers: request.headers }));
  });
}

/** Creates what a proxy sees of a gRPC server: cleartext HTTP/2 with trailers after the body. */
export function grpcApp(): net.Server {
  return http2.createServer().on("stream", answerCall);
}

/** Creates a gRPC server that answers with the headers of the call as JSON. */
export function headerTellingGrpcApp(): net.Server {
  return http2.createServer().on("stream", (stream: http2.ServerHttp2Stream, headers) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    stream.end(JSON.stringify(headers));
  });
}

/** Creates the same with TLS and the certificate `backend` of a directory. */
export function secureGrpcApp(directory: string): net.Server {
  const [cert, key] = ["crt", "key"].map((ending) => readFileSync(join(directory, `backend.${ending}`)));
  return http2.createSecureServer({ cert: cert!, key: key! }).on("stream", answerCall);
}

function answerCall(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  // nginx may close the connection at any time.
  stream.on("error", () => undefined);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => {
    if (!stream.destroyed && !stream.closed) stream.sendTrailers({ "grpc-status": "0" });
  });
  stream.end(`grpc ${headers[":path"]}`);
}

/** Calls a gRPC method through nginx over HTTPS and returns the response body. */
export async function callGrpc(
  port: number,
  servername: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const session = http2.connect(`https://127.0.0.1:${port}`, { servername, rejectUnauthorized: false });
  // The stream reports the session's errors.
  session.on("error", () => undefined);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    ":authority": servername,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.end();
  let body = "";
  stream.setEncoding("utf8").on("data", (part: string) => (body += part));
  await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  session.close();
  return body;
}

/** Creates an app that responds to FastCGI requests with their parameters as JSON. */
export function fastcgiApp(): net.Server {
  return net.createServer((socket) => {
    socket.on("error", () => undefined);
    let held = Buffer.alloc(0);
    let params = Buffer.alloc(0);
    socket.on("data", (data) => {
      held = Buffer.concat([held, data]);
      while (held.length >= 8 && held.length >= 8 + held.readUInt16BE(4) + held[6]!) {
        const [type, length] = [held[1], held.readUInt16BE(4)];
        const content = held.subarray(8, 8 + length);
        held = held.subarray(8 + length + held[6]!);
        if (type === 4) params = Buffer.concat([params, content]);
        if (type !== 5 || length !== 0) continue;
        const body = JSON.stringify(pairsOf(params));
        params = Buffer.alloc(0);
        const answer = Buffer.from(`Status: 200 OK\r\nContent-Type: application/json\r\n\r\n${body}`);
        socket.write(Buffer.concat([record(6, answer), record(6, Buffer.alloc(0)), record(3, Buffer.alloc(8))]));
      }
    });
  });
}

function record(type: number, content: Buffer): Buffer {
  const head = Buffer.from([1, type, 0, 1, 0, 0, 0, 0]);
  head.writeUInt16BE(content.length, 4);
  return Buffer.concat([head, content]);
}

function pairsOf(params: Buffer): Record<string, string> {
  const pairs: Record<string, string> = {};
  let at = 0;
  const length = (): number => {
    const first = params[at]!;
    const value = first < 128 ? first : params.readUInt32BE(at) & 0x7f_ff_ff_ff;
    at += first < 128 ? 1 : 4;
    return value;
  };
  while (at < params.length) {
    const [name, value] = [length(), length()];
    pairs[params.toString("utf8", at, at + name)] = params.toString("utf8", at + name, at + name + value);
    at += name + value;
  }
  return pairs;
}

/** Creates an app that responds to uwsgi requests with their variables as `NAME=value `. */
export function uwsgiApp(): net.Server {
  return net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      const [end, pairs]: [number, string[]] = [4 + data.readUInt16LE(1), []];
      for (let at = 4; at < end;) {
        const name = data.readUInt16LE(at);
        const value = data.readUInt16LE(at + 2 + name);
        pairs.push(
          `${data.toString("utf8", at + 2, at + 2 + name)}=${data.toString("utf8", at + 4 + name, at + 4 + name + value)} `,
        );
        at += 4 + name + value;
      }
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${pairs.join("")}`);
    });
  });
}
