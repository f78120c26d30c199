import { get } from "node:http";

/** Milliseconds until a request fails. */
const TIMEOUT_MS = 1_000;

export interface Answer {
  /** 0 without a response. */
  readonly status: number;
  /** The error message without a response. */
  readonly body: string;
}

/** Sends a request for a host to 127.0.0.1 on a new connection. */
export async function visit(port: number, host: string): Promise<Answer> {
  const options = { host: "127.0.0.1", port, path: "/hello", agent: false, headers: { Host: host } };
  return await new Promise((resolve) => {
    const sent = get({ ...options, timeout: TIMEOUT_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", (error) => resolve({ status: 0, body: error.message }));
    });
    sent.on("timeout", () => sent.destroy(new Error(`no response within ${TIMEOUT_MS} ms`)));
    sent.on("error", (error) => resolve({ status: 0, body: error.message }));
  });
}

/** Returns the short id of the container that answered, or an empty string. */
export function containerOf({ body }: Answer): string {
  return /^container: (.*)$/m.exec(body)?.[1] ?? "";
}
