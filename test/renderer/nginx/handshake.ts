import { spawn } from "node:child_process";
import * as tls from "node:tls";

/** Returns the output of `openssl s_client` for a request to the server of this name. */
export async function handshake(port: number, name: string, ...options: readonly string[]): Promise<string> {
  const connection = ["-connect", `127.0.0.1:${port}`, "-servername", name];
  const child = spawn("openssl", ["s_client", ...connection, ...options], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (output += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (output += part));
  child.stdin.on("error", () => undefined).end(`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => child.on("close", resolve));
  return output;
}

/** The result of a TLS handshake. */
export interface Negotiated {
  readonly cipher: string;
  /** Application protocol: `h2`, `http/1.1`, or an empty string. */
  readonly protocol: string;
  /** Common name of the server's certificate. */
  readonly subject: string;
}

/** Connects and closes. Returns undefined if the server rejects the handshake. Throws if Node lacks the ciphers. */
export async function negotiate(
  port: number,
  servername: string,
  options: tls.ConnectionOptions = {},
): Promise<Negotiated | undefined> {
  const ALPNProtocols = ["h2", "http/1.1"];
  const socket = tls.connect({ port, servername, rejectUnauthorized: false, ALPNProtocols, ...options });
  return await new Promise((resolve) => {
    socket.on("secureConnect", () => {
      const { CN } = socket.getPeerCertificate().subject;
      resolve({ cipher: socket.getCipher().name, protocol: socket.alpnProtocol || "", subject: String(CN) });
      socket.destroy();
    });
    socket.on("error", () => resolve(undefined));
  });
}
