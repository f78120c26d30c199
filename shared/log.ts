/** What a log line may carry: no objects, so nothing is printed that was not chosen. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** `event` is a fixed dotted name (`docker.connected`), for people and programs to search for. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** Longest string printed in one field, in UTF-16 units: names and reasons fit, a flood does not. */
const MAX_FIELD = 2_048;

/**
 * A log of one ASCII JSON object per line: `time`, `level`, `event`, then the fields. Whatever a
 * container put into a name (line breaks, escape sequences, bidi marks) is escaped.
 */
export function createLog(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (level, event, fields = {}) => {
    const shown: Record<string, unknown> = { time: now().toISOString(), level, event };
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) shown[name] = typeof value === "string" ? clip(value) : value;
    }
    write(`${asciiJson(shown)}\n`);
  };
}

/** JSON text of printable ASCII only: JSON.stringify alone leaves DEL, C1, U+2028 and bidi marks. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function clip(value: string): string {
  return value.length > MAX_FIELD ? `${value.slice(0, MAX_FIELD)}…` : value;
}
