import { get } from "node:http";

/** How long one answer may take, in milliseconds. */
const PATIENCE_MS = 1_000;

export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  /** The error's text when there was no answer. */
  readonly body: string;
}

/** One request for a host through 127.0.0.1, on a connection of its own. */
export async function visit(port: number, host: string): Promise<Answer> {
  const options = { host: "127.0.0.1", port, path: "/hello", agent: false, headers: { Host: host } };
  return await new Promise((resolve) => {
    const sent = get({ ...options, timeout: PATIENCE_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", (error) => resolve({ status: 0, body: error.message }));
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", (error) => resolve({ status: 0, body: error.message }));
  });
}

/** The short id of the container that answered; empty when none did. */
export function containerOf({ body }: Answer): string {
  return /^container: (.*)$/m.exec(body)?.[1] ?? "";
}
