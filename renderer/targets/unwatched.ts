import { realpathSync } from "node:fs";
import type { Log } from "../../shared/log.ts";
import { POLL_MS, reportUnwatched } from "../disk/watch-directory.ts";
import { isMountPoint } from "../publish/mount-point.ts";

/** Logs a file that is mounted by itself: the mount keeps the old file when an editor replaces it by a new one. */
export function reportSingleFile(path: string, log: Log): void {
  if (!isMountPoint(realPath(path))) return;
  const reason = "the file itself is a mount, so a new file in its place is not seen";
  log("info", "file.unwatched", { path, reason, hint: "mount its directory, or restart the renderer after an edit" });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const LIMITS = "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances on the Docker host";
const HINTS: Readonly<Record<string, string>> = { EACCES: "let the renderer's user read the directory" };

/** Logs once that directories cannot be watched, and once that all are watched again. */
export function logUnwatched(log: Log): void {
  reportUnwatched((failure) => {
    if (!failure) return log("info", "watch.restored");
    const reason = `${failure.code}: changes of files are found within ${POLL_MS / 1_000} s only`;
    log("warn", "watch.failed", { path: failure.directory, reason, hint: HINTS[failure.code] ?? LIMITS });
  });
}
