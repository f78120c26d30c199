import { type FSWatcher, statSync, watch } from "node:fs";
import { directoriesBelow } from "./directories-below.ts";
import { linkedDirectories } from "./linked-directories.ts";

/** Milliseconds after an event until the callback: a certificate and its key are written one after the other. */
const SETTLE_MS = 500;

/** Milliseconds between callbacks without an event, for network file systems and lost watches. */
export const POLL_MS = 60_000;

/**
 * Calls back after a change in the directory, in the directories of its link targets, and with `below` in all directories
 * below it, until the signal aborts. Also calls back every minute, which finds a directory that was missing or replaced.
 */
export function watchDirectory(directory: string, onChange: () => void, signal: AbortSignal, depth?: "below"): void {
  let settling: NodeJS.Timeout | undefined;
  const watches = new Watches(() => {
    clearTimeout(settling);
    settling = setTimeout(refresh, SETTLE_MS);
  });
  const directories = (): string[] => [
    directory,
    ...linkedDirectories(directory),
    ...(depth === "below" ? directoriesBelow(directory) : []),
  ];
  // The callback after the watches are set covers changes from before.
  const refresh = (): void => {
    watches.set(directories());
    onChange();
  };
  watches.set(directories());
  const timer = setInterval(refresh, POLL_MS);
  const stop = (): void => {
    clearTimeout(settling);
    clearInterval(timer);
    watches.set([]);
  };
  signal.addEventListener("abort", stop, { once: true });
}

/** Watches that lack a directory which exists: the kernel may have no watches left. */
const unwatched = new Set<Watches>();
let onUnwatched: (failure: { readonly directory: string; readonly code: string } | undefined) => void = () => undefined;

/** Calls back once when directories of this process cannot be watched, and with undefined when all can be again. */
export function reportUnwatched(callback: typeof onUnwatched): void {
  onUnwatched = callback;
}

/** Watches by the identity of the directory: another one may take its name. */
class Watches {
  readonly #onEvent: () => void;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches these directories and no others. Skips missing ones. */
  set(directories: readonly string[]): void {
    const wanted = new Map(directories.flatMap(identified));
    for (const [identity, watcher] of this.#watchers) {
      if (wanted.has(identity)) continue;
      watcher.close();
      this.#watchers.delete(identity);
    }
    const missing = [...wanted].filter(([identity]) => !this.#watchers.has(identity));
    this.#report(missing.flatMap(([identity, directory]) => this.#add(identity, directory) ?? []));
  }

  /** Adds a watch, or returns why the directory cannot be watched. The poll covers it. */
  #add(identity: string, directory: string): { directory: string; code: string } | undefined {
    try {
      const watcher = watch(directory, this.#onEvent);
      const forget = (): void => {
        watcher.close();
        if (this.#watchers.get(identity) === watcher) this.#watchers.delete(identity);
      };
      this.#watchers.set(identity, watcher.on("error", forget));
      return undefined;
    } catch (error) {
      return { directory, code: (error as NodeJS.ErrnoException).code ?? "unknown" };
    }
  }

  #report([failure]: readonly { directory: string; code: string }[]): void {
    const wasComplete = unwatched.size === 0;
    if (failure) unwatched.add(this);
    else unwatched.delete(this);
    if (failure && wasComplete) onUnwatched(failure);
    else if (!wasComplete && unwatched.size === 0) onUnwatched(undefined);
  }
}

/** Returns an identity with the birth time, because inode numbers are reused; nothing if the directory cannot be read. */
function identified(directory: string): [identity: string, directory: string][] {
  try {
    const { dev, ino, birthtimeMs } = statSync(directory);
    return [[`${dev}:${ino}:${birthtimeMs}`, directory]];
  } catch {
    return [];
  }
}
