import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, send } from "./answer.ts";

/** A fault of a response. For `/events` the original body is empty. */
export type Fault =
  /** The connection closes after this many bytes of the body. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Sends this many bytes of the body, then nothing. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** Sends one byte of the body per interval, in milliseconds. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** Repeats `text` endlessly, as fast as the client reads. */
  | { readonly kind: "endless"; readonly text: string }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "status"; readonly status: number; readonly message: string }
  /** Replaces the body, for example by invalid JSON or other types. */
  | { readonly kind: "body"; readonly text: string }
  /** Changes the parsed body. */
  | { readonly kind: "change"; readonly change: (answer: unknown) => unknown }
  /** Sends a `Content-Length` that is wrong by this many bytes. */
  | { readonly kind: "length"; readonly wrongBy: number }
  /** The connection closes before the first byte of the response. */
  | { readonly kind: "reset" }
  /** Never responds. */
  | { readonly kind: "hang" }
  /** Sends these bytes instead of an HTTP response, then closes. */
  | { readonly kind: "raw"; readonly bytes: string };

type Kind<K extends Fault["kind"]> = Extract<Fault, { kind: K }>;
type Inflict<K extends Fault["kind"]> = (
  fault: Kind<K>,
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
) => void;

/** Sends a response with a fault. */
export function sendFault(fault: Fault, answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const way = ways[fault.kind] as Inflict<Fault["kind"]>;
  way(fault, answer, request, response);
}

const ways: { readonly [K in Fault["kind"]]: Inflict<K> } = {
  cut({ afterBytes }, { status, headers, body }, _request, response) {
    response.writeHead(status, headers);
    response.flushHeaders();
    response.write(body.slice(0, afterBytes), () => response.destroy());
  },
  stall({ afterBytes }, { status, headers, body }, _request, response) {
    response.writeHead(status, headers);
    response.write(body.slice(0, afterBytes));
  },
  drip({ everyMs }, { status, headers, body }, _request, response) {
    response.writeHead(status, headers);
    response.flushHeaders();
    let sent = 0;
    const timer = setInterval(() => {
      response.write(body.charAt(sent));
      sent += 1;
      if (sent >= body.length) response.end();
    }, everyMs);
    response.once("close", () => clearInterval(timer));
  },
  endless({ text }, { status, headers }, _request, response) {
    const block = text.repeat(Math.ceil(65_536 / text.length));
    const pump = (): void => {
      while (!response.destroyed && response.write(block)) continue;
    };
    response.writeHead(status, headers);
    response.on("drain", pump);
    pump();
  },
  redirect({ location }, _answer, request, response) {
    send(request, response, { status: 301, headers: { Location: location }, body: "" });
  },
  status({ status, message }, { headers }, request, response) {
    send(request, response, { status, headers, body: `${JSON.stringify({ message })}\n` });
  },
  body({ text }, answer, request, response) {
    send(request, response, { ...answer, body: text });
  },
  change({ change }, answer, request, response) {
    const parsed: unknown = JSON.parse(answer.body || "null");
    send(request, response, { ...answer, body: JSON.stringify(change(parsed)) });
  },
  length({ wrongBy }, { status, headers, body }, request, response) {
    response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) + wrongBy });
    response.end(body, () => request.socket.end());
  },
  reset(_fault, _answer, request) {
    request.socket.destroy();
  },
  hang() {
    // No response is the fault.
  },
  raw({ bytes }, _answer, request) {
    request.socket.end(bytes);
  },
};
