import * as https from "node:https";

/** A response that a client received over TLS. */
export interface Seen {
  readonly status: number | undefined;
  readonly location: string | undefined;
  readonly body: string;
}

/** Returns the response over verified TLS, or undefined without one. */
export async function overTls(
  host: string,
  servername: string,
  ca: string,
  port: number,
  more = {},
): Promise<Seen | undefined> {
  return await new Promise((resolve) => {
    const options = { host, port, servername, headers: { host: servername, ...more }, ca, agent: false };
    const request = https.get(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve({ status: response.statusCode, location: response.headers.location, body }));
    });
    request.on("error", () => resolve(undefined));
  });
}
