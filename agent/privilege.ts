import { statSync } from "node:fs";
import type { AgentConfig } from "./config.ts";

/**
 * Gives root away for good: keeps one supplementary group, the Docker socket's, learned from the
 * socket itself. Does nothing when the process is not root. Call before anything is parsed. Gives what
 * is in the way, with the mend.
 */
export function dropPrivilege(dockerSocket: string, user: AgentConfig["user"]): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const socket = statSync(dockerSocket, { throwIfNoEntry: false });
  if (socket && !socket.isSocket()) return `${dockerSocket} is not a socket: mount or name the Docker socket itself`;
  if (socket && (socket.mode & 0o006) !== 0o006 && (socket.mode & 0o060) !== 0o060) {
    const mode = (socket.mode & 0o777).toString(8);
    return (
      `${dockerSocket} has mode ${mode}: neither its group (${socket.gid}) nor others may use it. ` +
      `Open it to its group (chmod 0660), or run the agent as user ${socket.uid}`
    );
  }
  become(user, socket ? [socket.gid] : []);
  return undefined;
}

/** For helpers of the same image, such as the health check: the agent's user, without Docker's group. */
export function becomeUser(user: AgentConfig["user"]): void {
  if (process.getuid?.() === 0) become(user, []);
}

function become({ uid, gid }: AgentConfig["user"], groups: number[]): void {
  process.setgroups?.(groups);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.getgid?.() !== gid) throw new Error("could not give up root");
}
