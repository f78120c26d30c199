import { chmodSync, mkdtempSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeDirectory } from "../remove-directory.ts";

/** A Unix socket that forwards to another one. It can be disconnected while the program behind it keeps running. */
export class SocketProxy {
  readonly socketPath: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "sallyport-proxy-"));
  readonly #target: string;
  readonly #ends = new Set<net.Socket>();
  #server: net.Server | undefined;

  constructor(target: string) {
    this.#target = target;
    this.socketPath = join(this.#directory, "docker.sock");
    // The agent drops root before it connects.
    chmodSync(this.#directory, 0o711);
  }

  /** Starts forwarding, or starts it again after `disconnect`. */
  async connect(): Promise<void> {
    const server = net.createServer((client) => this.#join(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
    chmodSync(this.socketPath, 0o666);
  }

  /** Ends every connection and removes the socket. */
  async disconnect(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const end of this.#ends) end.destroy();
    await closed;
  }

  async close(): Promise<void> {
    await this.disconnect();
    await removeDirectory(this.#directory);
  }

  #join(client: net.Socket): void {
    const upstream = net.connect(this.#target);
    for (const [end, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#ends.add(end);
      end.on("error", () => end.destroy());
      end.on("close", () => {
        this.#ends.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  }
}
