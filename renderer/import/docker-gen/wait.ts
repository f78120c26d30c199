import { parseDuration } from "../../../shared/duration.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";

/** Sallyport's longest duration, in milliseconds: nine digits. */
const MAX_MS = 999_999_999;

export interface ImportedWait {
  /** Value of the key `wait`; undefined for its default. */
  readonly wait?: string;
  readonly notes: readonly Note[];
}

/** Imports docker-gen's `min[:max]`. The default of max is four times min. */
export function importWait(text: string, watches: boolean): ImportedWait {
  if (text.trim() === "" || !watches) {
    const reason = watches ? "docker-gen acts on every event" : "docker-gen waits only with -watch";
    return { notes: [differs(`${reason}; Sallyport collects a burst of changes by \`wait: 100ms:1s\``)] };
  }
  const [first = "", second, ...more] = text.split(":");
  const min = parseGoDuration(first);
  const max = second === undefined ? min && 4 * min : parseGoDuration(second);
  if (min === undefined || max === undefined || (second !== undefined && max < min) || max > MAX_MS) {
    return { notes: [skipped(`wait ${quoted(text)} is not min:max up to 277h; the default is used`)] };
  }
  const notes =
    more.length > 0 ? [differs("docker-gen reads two durations of wait and ignores the others", "wait")] : [];
  // A minimum of 0 disables waiting in docker-gen, whatever the maximum is.
  return { wait: `${print(min)}:${print(min === 0 ? 0 : max)}`, notes };
}

function parseGoDuration(text: string): number | undefined {
  return /^[+-]?0$/.test(text) ? 0 : parseDuration(text.replace(/^\+/, ""));
}

function print(ms: number): string {
  return ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
