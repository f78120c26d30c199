import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { drainable } from "../demo/app/drain.ts";

/** The process of a container: HTTP servers with the same handler, one per address and port. */
export class Workload {
  readonly #listener: RequestListener;
  readonly #ports: readonly number[];
  readonly #servers = new Map<string, { readonly server: Server; readonly drain: () => Promise<void> }[]>();
  #held: (() => void)[] | undefined;

  constructor(listener: RequestListener, ports: readonly number[]) {
    this.#listener = listener;
    this.#ports = ports;
  }

  /** Listens on the address, on all ports or none. Rejects with EADDRINUSE when a port is in use. */
  async listen(address: string): Promise<void> {
    const servers: { server: Server; drain: () => Promise<void> }[] = [];
    this.#servers.set(address, servers);
    for (const port of this.#ports) {
      const server = createServer((request, response) => this.#answer(request, response));
      const drain = drainable(server);
      server.listen(port, address);
      try {
        await once(server, "listening");
      } catch (error) {
        await this.unlisten(address);
        throw error;
      }
      servers.push({ server, drain });
    }
  }

  /** Removes the address and closes its connections. */
  async unlisten(address: string): Promise<void> {
    const servers = this.#servers.get(address) ?? [];
    this.#servers.delete(address);
    await Promise.all(servers.map(({ server }) => cutOff(server)));
  }

  /** Freezes the process: connections are accepted, but no request is served until `thaw`. */
  freeze(): void {
    this.#held ??= [];
  }

  thaw(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }

  /** Stops gracefully: accepts no new connection and completes current requests. */
  async drain(): Promise<void> {
    const servers = [...this.#servers.values()].flat();
    this.#servers.clear();
    await Promise.all(servers.map(({ drain }) => drain()));
  }

  /** Stops at once and closes all connections. */
  async end(): Promise<void> {
    this.#held = undefined;
    await Promise.all([...this.#servers.keys()].map((address) => this.unlisten(address)));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#held === undefined) this.#listener(request, response);
    else this.#held.push(() => this.#listener(request, response));
  }
}

async function cutOff(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
