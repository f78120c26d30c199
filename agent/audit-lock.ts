import { readdirSync, rmSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { socketPathProblem } from "../shared/socket-path.ts";
import { isHeld } from "./listen.ts";

const MAX_LOCK = 999_999_999_999_999;

/**
 * Locks a directory until the returned server is closed or the process ends. Throws while another process holds the lock.
 *
 * The lock is a listening Unix socket `lock.N`: Node has no flock, and the kernel closes a socket with its process, also
 * across containers. Binding a new name is exclusive. A process that finds another one listening, or a higher number,
 * gives up.
 */
export async function lockDirectory(directory: string): Promise<net.Server> {
  const pathOf = (number: number): string => join(directory, `lock.${number}`);
  const problem = socketPathProblem(pathOf(0));
  if (problem !== undefined) throw new Error(problem);
  await removeFree(directory, Infinity, pathOf);
  const own = Math.max(0, ...locks(directory)) + 1;
  // Another agent would not find a longer number.
  if (own > MAX_LOCK) throw new Error(`the lock "lock.${own - 1}" has too high a number; remove it`);
  const server = net.createServer((socket) => socket.destroy()).unref();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(pathOf(own), resolve));
  try {
    await removeFree(directory, own, pathOf);
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
}

/** Removes the locks of ended processes. Throws if another process holds a lock, or has a number above `own`. */
async function removeFree(directory: string, own: number, pathOf: (number: number) => string): Promise<void> {
  for (const number of locks(directory).filter((number) => number !== own)) {
    if (number > own || (await isHeld(pathOf(number)))) throw new Error("another agent writes there; stop it first");
    if (own !== Infinity) rmSync(pathOf(number), { force: true });
  }
}

function locks(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => (/^lock\.[0-9]{1,15}$/.test(name) ? Number(name.slice(5)) : []));
}
