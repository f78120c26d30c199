import { chmodSync, lstatSync, statSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { dirname } from "node:path";
import { quoted } from "../shared/log.ts";

/** Returns the path of the socket for the agent's own health check, which a flood of connections by the group cannot reach. */
export function healthSocket(socketPath: string): string {
  return `${socketPath}.health`;
}

/** Binds a server to a Unix socket with this mode from the start. Rejects when the path is in use. */
export async function listen(server: net.Server, socketPath: string, mode = 0o660): Promise<void> {
  await removeStale(socketPath);
  restrictDirectory(dirname(socketPath));
  const umask = process.umask(0o777 & ~mode);
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socketPath, resolve));
  } finally {
    process.umask(umask);
  }
}

/** Removes the socket of an earlier run. Throws when the path is not a socket, or when a process accepts connections. */
async function removeStale(socketPath: string): Promise<void> {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${quoted(socketPath)} exists and is not a socket; move it away`);
  if (await isHeld(socketPath)) throw new Error(`another process listens on ${quoted(socketPath)}; stop it first`);
  unlinkSync(socketPath);
}

/** Whether a process listens on a socket. Only a refused connection shows that none does: a queue may be full. */
export async function isHeld(path: string): Promise<boolean> {
  const probe = net.connect(path);
  const code = await new Promise((resolve) => {
    probe.on("connect", () => resolve("connected")).on("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
  probe.destroy();
  return code !== "ECONNREFUSED" && code !== "ENOENT";
}

/** Restricts the directory so that group members can reach the socket but cannot list or change entries. */
function restrictDirectory(directory: string): void {
  const { uid, mode } = statSync(directory);
  if ((mode & 0o7777) === 0o2710) return;
  if (uid === process.getuid?.()) chmodSync(directory, 0o2710);
  else if ((mode & 0o002) !== 0)
    throw new Error(`${quoted(directory)} is writable by all users; use a directory that belongs to the agent's user`);
}
