/**
 * Fields of a log line: scalars only, so that nothing is logged unintentionally. Programs use the same name for the
 * same thing: `container`, `host` (virtual host), `dockerHost`, `path`, `reason` (why), `error` (what failed), `hint`
 * (how to fix it), and `code` for a machine-readable reason. docs/reference/log-events.md lists all of them.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Writes one line. `event` is a fixed name of the form `area.past-tense-verb`, such as `docker.connected`. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** Maximum length of a string in a field, in UTF-16 units. Longer strings are truncated. */
const MAX_FIELD = 2_048;

/**
 * Creates a log that writes one ASCII JSON object per line: `time` (RFC 3339, UTC), `level`, `event`, then the fields.
 * Line breaks, escape sequences and bidirectional marks in values are escaped.
 */
export function createLog(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (level, event, fields = {}) => {
    const line: Record<string, unknown> = { time: now().toISOString(), level, event };
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) line[name] = typeof value === "string" ? truncate(value) : value;
    }
    write(`${asciiJson(line)}\n`);
  };
}

/** Returns JSON of printable ASCII only: JSON.stringify alone keeps DEL, C1, U+2028 and bidirectional marks. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Returns a user's value for an error message: in double quotes, escaped, at most 128 characters of it. */
export function quoted(value: string): string {
  return asciiJson(value.length > 128 ? `${value.slice(0, 128)}...` : value);
}

function truncate(value: string): string {
  return value.length > MAX_FIELD ? `${value.slice(0, MAX_FIELD)}…` : value;
}
