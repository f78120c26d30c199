import { type FSWatcher, statSync, watch } from "node:fs";
import { directoriesBelow } from "./directories-below.ts";
import { linkedDirectories } from "./linked-directories.ts";

/** Milliseconds for a change to be complete: two files are written one after the other, an editor saves in steps. */
const SETTLE_MS = 500;

/** Milliseconds between two looks where no event tells of a change (another machine's file system). */
const LOOK_MS = 60_000;

/**
 * Calls back some time after anything in the directory, or behind a link in it, or with `below` in the directories below,
 * may have changed, until the signal aborts. A directory that is not there yet, or is replaced, is found at one of the looks.
 */
export function watchDirectory(directory: string, onChange: () => void, signal: AbortSignal, depth?: "below"): void {
  let settling: NodeJS.Timeout | undefined;
  const watches = new Watches(() => {
    clearTimeout(settling);
    settling = setTimeout(look, SETTLE_MS);
  });
  const directories = (): string[] => [
    directory,
    ...linkedDirectories(directory),
    ...(depth === "below" ? directoriesBelow(directory) : []),
  ];
  // What changes before the watches are set is seen by the look behind them.
  const look = (): void => {
    watches.set(directories());
    onChange();
  };
  watches.set(directories());
  const timer = setInterval(look, LOOK_MS);
  const stop = (): void => {
    clearTimeout(settling);
    clearInterval(timer);
    watches.set([]);
  };
  signal.addEventListener("abort", stop, { once: true });
}

/** Watches of directories by what they are on the disk: one of the same name may be another. */
class Watches {
  readonly #onEvent: () => void;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches these that are there, and no others. */
  set(directories: readonly string[]): void {
    const wanted = new Map(directories.flatMap(identified));
    for (const [identity, watcher] of this.#watchers) {
      if (wanted.has(identity)) continue;
      watcher.close();
      this.#watchers.delete(identity);
    }
    for (const [identity, directory] of wanted) if (!this.#watchers.has(identity)) this.#add(identity, directory);
  }

  #add(identity: string, directory: string): void {
    try {
      const watcher = watch(directory, this.#onEvent);
      const forget = (): void => {
        watcher.close();
        if (this.#watchers.get(identity) === watcher) this.#watchers.delete(identity);
      };
      this.#watchers.set(identity, watcher.on("error", forget));
    } catch {
      // It is looked at now and then all the same.
    }
  }
}

/** Nothing for what is no directory, or cannot be looked at. The number of one that is gone may be given out again. */
function identified(directory: string): [identity: string, directory: string][] {
  try {
    const { dev, ino, birthtimeMs } = statSync(directory);
    return [[`${dev}:${ino}:${birthtimeMs}`, directory]];
  } catch {
    return [];
  }
}
