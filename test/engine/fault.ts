import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, send } from "./answer.ts";

/** What goes wrong with an answer. For `/events` the true body is empty. */
export type Fault =
  /** The connection ends after so many bytes of the body. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** So many bytes of the body, then silence. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** One byte of the body every so many milliseconds. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** A body of `text`, again and again, as fast as it is read. */
  | { readonly kind: "endless"; readonly text: string }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "status"; readonly status: number; readonly message: string }
  /** Another body under the true headers: broken JSON, wrong types, keys like `__proto__`. */
  | { readonly kind: "body"; readonly text: string }
  /** The true answer, changed. */
  | { readonly kind: "change"; readonly change: (answer: unknown) => unknown }
  /** The true body under a `Content-Length` that is wrong by so many bytes. */
  | { readonly kind: "length"; readonly wrongBy: number }
  /** The connection ends before the first byte of an answer. */
  | { readonly kind: "reset" }
  /** No answer, ever. */
  | { readonly kind: "hang" }
  /** These bytes instead of an HTTP answer, then the end. */
  | { readonly kind: "raw"; readonly bytes: string };

type Kind<K extends Fault["kind"]> = Extract<Fault, { kind: K }>;
type Inflict<K extends Fault["kind"]> = (
  fault: Kind<K>,
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
) => void;

/** Answers wrongly. */
export function inflict(fault: Fault, answer: Answer, request: IncomingMessage, response: ServerResponse): void {
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
    // Saying nothing is the fault.
  },
  raw({ bytes }, _answer, request) {
    request.socket.end(bytes);
  },
};
