import * as http from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What came of a request: the name of the app that answered, or why none did. */
export type Reply =
  | { readonly kind: "answered"; readonly app: string }
  /** A status other than 200, or none at all. */
  | { readonly kind: "failed" }
  /** A kept connection was closed before a byte of the answer. */
  | { readonly kind: "cut" };

/** Asks a host through the nginx at this port. */
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
    request.on("error", () => resolve({ kind: request.reusedSocket ? "cut" : "failed" }));
  });
}

/** Resolves when the app that has the host `<app>.example` answers for it, asked on a new connection each time. */
export async function answered(port: number, app: string): Promise<void> {
  const agent = new http.Agent({ keepAlive: false });
  for (;;) {
    // A host that nginx does not know goes to its first server: whoever answers must be looked at.
    const reply = await ask(port, `${app}.example`, agent);
    if (reply.kind === "answered" && reply.app === app) return;
    await sleep(2);
  }
}
