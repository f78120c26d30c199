import { type FSWatcher, watch } from "node:fs";

/** Milliseconds for a change to be complete: two files are written one after the other, an editor saves in steps. */
const SETTLE_MS = 500;

/** Milliseconds between two looks where no event tells of a change (another machine's file system). */
const LOOK_MS = 60_000;

/** Calls back some time after anything in the directory may have changed, until the signal aborts. */
export function watchDirectory(directory: string, onChange: () => void, signal: AbortSignal): void {
  let settling: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLE_MS);
  };
  const watcher = watchIfThere(directory, soon);
  const timer = setInterval(onChange, LOOK_MS);
  const stop = (): void => {
    clearTimeout(settling);
    clearInterval(timer);
    watcher?.close();
  };
  signal.addEventListener("abort", stop, { once: true });
}

function watchIfThere(directory: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, onEvent);
    return watcher.on("error", () => watcher.close());
  } catch {
    return undefined;
  }
}
