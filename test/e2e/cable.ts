import { chmodSync, mkdtempSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeDirectory } from "../remove-directory.ts";

/** A Unix socket that leads to another one, and can be cut and mended while whoever listens there goes on. */
export class Cable {
  readonly socketPath: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "sallyport-cable-"));
  readonly #target: string;
  readonly #ends = new Set<net.Socket>();
  #server: net.Server | undefined;

  constructor(target: string) {
    this.#target = target;
    this.socketPath = join(this.#directory, "docker.sock");
    // The agent gives up root before it connects.
    chmodSync(this.#directory, 0o711);
  }

  /** Lets connections through, also after a cut. */
  async mend(): Promise<void> {
    const server = net.createServer((client) => this.#join(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
    chmodSync(this.socketPath, 0o666);
  }

  /** Ends every connection and takes the socket away. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const end of this.#ends) end.destroy();
    await closed;
  }

  async close(): Promise<void> {
    await this.cut();
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
