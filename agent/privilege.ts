import { statSync } from "node:fs";
import { quoted } from "../shared/log.ts";
import type { AgentConfig } from "./config.ts";

/**
 * Drops root permanently and keeps the Docker socket's group as the only supplementary group. Does nothing
 * when the process is not root. Call it before any input is parsed. Returns an error message if the socket
 * is not usable.
 */
export function dropPrivilege(dockerSocket: string, user: AgentConfig["user"]): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const socket = statSync(dockerSocket, { throwIfNoEntry: false });
  const path = `--docker-socket ${quoted(dockerSocket)}`;
  if (socket && !socket.isSocket()) return `${path} is not a socket; mount the Docker socket there, or set its path`;
  if (socket && (socket.mode & 0o006) !== 0o006 && (socket.mode & 0o060) !== 0o060) {
    const mode = (socket.mode & 0o777).toString(8);
    return `${path} has mode ${mode}; run chmod 0660 on it, so that its group ${socket.gid} can use it`;
  }
  become(user, socket ? [socket.gid] : []);
  return undefined;
}

/** Drops root to the agent's user without Docker's group, for commands such as the health check. */
export function becomeUser(user: AgentConfig["user"]): void {
  if (process.getuid?.() === 0) become(user, []);
}

function become({ uid, gid }: AgentConfig["user"], groups: number[]): void {
  process.setgroups?.(groups);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.getgid?.() !== gid) throw new Error("could not drop root privileges");
}
