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

/** Returns the negotiated cipher, or undefined if the server rejects the handshake. Throws if Node lacks the ciphers. */
export async function negotiatedCipher(
  port: number,
  servername: string,
  version: tls.SecureVersion,
  ciphers?: string,
): Promise<string | undefined> {
  const protocol = { minVersion: version, maxVersion: version, ...(ciphers !== undefined && { ciphers }) };
  const socket = tls.connect({ port, servername, rejectUnauthorized: false, ...protocol });
  return await new Promise((resolve) => {
    socket.on("secureConnect", () => {
      resolve(socket.getCipher().name);
      socket.destroy();
    });
    socket.on("error", () => resolve(undefined));
  });
}
