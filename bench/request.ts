import * as http from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** The result of a request. */
export type Reply =
  | { readonly kind: "answered"; readonly app: string }
  /** A status other than 200, or no response. */
  | { readonly kind: "failed" }
  /** A keep-alive connection was closed before the first byte of the response. */
  | { readonly kind: "closed" };

/** Sends a request for a host to nginx on this port. */
export async function ask(
  port: number,
  host: string,
  agent: http.Agent,
  onSocket: (socket: Socket) => void = () => undefined,
): Promise<Reply> {
  return await new Promise((resolve) => {
    const request = http.get({ port, agent, headers: { host } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", () => resolve({ kind: "failed" }));
      const app = (): string => /^app: (.*)$/m.exec(text)?.[1] ?? "";
      response.on("end", () =>
        resolve(response.statusCode === 200 ? { kind: "answered", app: app() } : { kind: "failed" }),
      );
    });
    request.on("socket", onSocket);
    request.on("error", () => resolve({ kind: request.reusedSocket ? "closed" : "failed" }));
  });
}

/** Milliseconds until a missing response is an error. */
const TIMEOUT_MS = 60_000;

/** Resolves when the app answers for its host `<app>.example`. Each request uses a new connection. */
export async function answered(port: number, app: string): Promise<void> {
  const agent = new http.Agent({ keepAlive: false });
  for (const begun = performance.now(); performance.now() - begun < TIMEOUT_MS;) {
    // nginx sends unknown hosts to its first server, so the name of the app must be checked.
    const reply = await ask(port, `${app}.example`, agent);
    if (reply.kind === "answered" && reply.app === app) return;
    await sleep(2);
  }
  throw new Error(`${app} did not answer on port ${port} within ${TIMEOUT_MS} ms`);
}
