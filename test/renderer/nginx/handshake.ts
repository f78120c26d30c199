import { spawn } from "node:child_process";

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

/** Returns the negotiated cipher, or undefined if the handshake fails. */
export async function agreedCipher(
  port: number,
  name: string,
  ...options: readonly string[]
): Promise<string | undefined> {
  const output = await handshake(port, name, ...options);
  const cipher = /Cipher is (\S+)/.exec(output)?.[1];
  return cipher === "(NONE)" ? undefined : cipher;
}
