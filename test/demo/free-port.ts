import { once } from "node:events";
import { createServer } from "node:net";

/** Returns the preferred port of 127.0.0.1 if it is free, else another free port. */
export async function freePort(preferred: number): Promise<number> {
  const server = createServer();
  for (const port of [preferred, 0]) {
    server.listen(port, "127.0.0.1");
    const listening = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!listening) continue;
    const address = server.address();
    server.close();
    await once(server, "close");
    if (typeof address === "object" && address) return address.port;
  }
  throw new Error("no free port on 127.0.0.1");
}
