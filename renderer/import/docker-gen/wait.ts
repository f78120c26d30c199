import { parseDuration } from "../../../shared/duration.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";

/** Sallyport's longest duration, in milliseconds: nine digits. */
const MAX_MS = 999_999_999;

/** Imports docker-gen's `min[:max]` as the key `wait`. The default of max is four times min. */
export function importWait(text: string, watches: boolean): { readonly wait?: string; readonly notes: Note[] } {
  if (text.trim() === "" || !watches) {
    const reason = watches ? "docker-gen acts on every event" : "docker-gen waits only with -watch";
    return { notes: [differs(`${reason}; Sallyport collects a burst of changes by \`wait: 100ms:1s\``)] };
  }
  // docker-gen ignores further durations.
  const [min, second] = text.split(":").map(parseGoDuration);
  const max = text.includes(":") ? second : min && 4 * min;
  if (min === undefined || max === undefined || (text.includes(":") && max < min) || max > MAX_MS) {
    return { notes: [skipped(`wait ${quoted(text)} is not min:max up to 277h; the default is used`)] };
  }
  // A minimum of 0 disables waiting in docker-gen, whatever the maximum is.
  return { wait: `${print(min)}:${print(min === 0 ? 0 : max)}`, notes: [] };
}

function parseGoDuration(text: string): number | undefined {
  return /^[+-]?0$/.test(text) ? 0 : parseDuration(text.replace(/^\+/, ""));
}

function print(ms: number): string {
  return ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
