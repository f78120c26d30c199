import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux assigns to outgoing connections. */
const FIRST_PORT = 10_000;
const PORTS_PER_PROCESS = 40;
const PROCESSES = 550;

let used = 0;

/**
 * Returns the preferred port of 127.0.0.1 if it is free, else a free port from this process's own range, so that test
 * files that run at the same time do not choose the same port.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < PORTS_PER_PROCESS; attempt += 1) {
    const port = FIRST_PORT + (process.pid % PROCESSES) * PORTS_PER_PROCESS + (used++ % PORTS_PER_PROCESS);
    if (await isFree(port)) return port;
  }
  throw new Error("no free port on 127.0.0.1");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const isListening = await once(server, "listening").then(
    () => true,
    () => false,
  );
  if (isListening) {
    server.close();
    await once(server, "close");
  }
  return isListening;
}
