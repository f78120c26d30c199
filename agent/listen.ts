import { chmodSync, lstatSync, statSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { dirname } from "node:path";

/** Binds a server to a Unix socket, mode 0660 from the first instant. Rejects when the path is not ours to take. */
export async function listen(server: net.Server, socketPath: string): Promise<void> {
  await removeStale(socketPath);
  restrictDirectory(dirname(socketPath));
  const umask = process.umask(0o117);
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socketPath, resolve));
  } finally {
    process.umask(umask);
  }
}

/** A socket nobody answers at is what an earlier run left; anything else is not ours to remove. */
async function removeStale(socketPath: string): Promise<void> {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${socketPath} exists and is not a socket: move it away`);
  const probe = net.connect(socketPath);
  const isAlive = await new Promise((resolve) => {
    probe.on("connect", () => resolve(true)).on("error", () => resolve(false));
  });
  probe.destroy();
  if (isAlive === true) throw new Error(`another agent answers at ${socketPath}: stop it first`);
  unlinkSync(socketPath);
}

/** Group members may pass through to the socket and do nothing else in its directory. */
function restrictDirectory(directory: string): void {
  const { uid, mode } = statSync(directory);
  if ((mode & 0o7777) === 0o2710) return;
  if (uid === process.getuid?.()) chmodSync(directory, 0o2710);
  else if ((mode & 0o002) !== 0)
    throw new Error(`anybody may write to ${directory}: use a directory of the agent's own`);
}
