import { differs, leftOut, type Note, quoted } from "./note.ts";

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Our longest duration, in milliseconds: nine digits. */
const MAX_MS = 999_999_999;

export interface ImportedWait {
  /** In our notation; undefined where our own default stands. */
  readonly wait?: string;
  readonly notes: readonly Note[];
}

/** docker-gen's `min[:max]`, where max is four times min when it is missing, as our `min:max`. */
export function importWait(text: string, watches: boolean): ImportedWait {
  if (text.trim() === "" || !watches) {
    const because = watches ? "docker-gen would act on every event" : "docker-gen waits only when it watches";
    return { notes: [differs(`${because}; here a burst of changes is waited for by wait: 100ms:1s`)] };
  }
  const [first = "", second, ...more] = text.split(":");
  const min = parseGoDuration(first);
  const max = second === undefined ? min && 4 * min : parseGoDuration(second);
  if (min === undefined || max === undefined || (second !== undefined && max < min)) {
    return { notes: [leftOut(`wait ${quoted(text)} is not min:max, and docker-gen ends there; the default is used`)] };
  }
  const notes = more.length > 0 ? [differs("docker-gen reads two durations of wait; so does this", "wait")] : [];
  if (min < 0 || max > MAX_MS)
    return { notes: [leftOut(`wait ${quoted(text)} is out of bounds; the default is used`)] };
  // A minimum of nothing switches docker-gen's waiting off, whatever the maximum.
  const [least, most] = [Math.ceil(min), Math.ceil(min === 0 ? 0 : max)];
  return { wait: `${print(least)}:${print(most)}`, notes };
}

/** Milliseconds of Go's notation, such as `1m30s`, `1.5s` or `500us`. */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  const [, sign, rest] = /^([+-]?)((?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text) ?? [];
  if (rest === undefined) return undefined;
  const parts = [...rest.matchAll(/([0-9.]+)([a-zµμ]+)/g)];
  const ms = parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS_MS[unit ?? ""]!, 0);
  return sign === "-" ? -ms : ms;
}

function print(ms: number): string {
  return ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
