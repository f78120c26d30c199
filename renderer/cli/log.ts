import { styleText } from "node:util";
import { createLog, type Log, type LogFields, type LogLevel } from "../../shared/log.ts";
import { printable } from "../status/printable.ts";

const COLOURS = { debug: "dim", info: "reset", warn: "yellow", error: "red" } as const satisfies Record<
  LogLevel,
  string
>;

/** Fields that name what an event is about. They are printed first and without their name. */
const SUBJECTS = ["host", "container", "path", "socket"];

/** Fields for programs. */
const MACHINE_FIELDS: ReadonlySet<string> = new Set(["sha256", "instance", "code"]);

/** Characters of one field that are printed: enough for the longest reason. */
const MAX_FIELD = 700;

/** Creates a log of this process. `isText`: readable lines, as at a terminal, instead of one JSON object a line. */
export function createProcessLog(stream: NodeJS.WriteStream, isText = stream.isTTY): Log {
  const write = (line: string): void => void stream.write(line);
  return isText ? createTerminalLog(write, stream.isTTY && stream.hasColors()) : createLog(write);
}

/**
 * Creates a log for people: one line an event. Debug events are dropped. Text of containers is escaped, so that it cannot
 * control the terminal.
 */
export function createTerminalLog(
  write: (line: string) => void,
  hasColours: boolean,
  now: () => Date = () => new Date(),
): Log {
  return (level, event, fields = {}) => {
    if (level === "debug") return;
    const line = lineOf(event, fields, now());
    write(`${hasColours ? styleText(COLOURS[level], line, { validateStream: false }) : line}\n`);
  };
}

function lineOf(event: string, fields: LogFields, now: Date): string {
  const texts = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && value !== "" && !MACHINE_FIELDS.has(name))
    .toSorted(([a], [b]) => Number(!SUBJECTS.includes(a)) - Number(!SUBJECTS.includes(b)))
    .map(([name, value]) => {
      const text = printable(String(value));
      const clipped = text.length > MAX_FIELD ? `${text.slice(0, MAX_FIELD)}...` : text;
      return SUBJECTS.includes(name) ? clipped : `${name}=${clipped}`;
    });
  return [`${now.toISOString().slice(11, 19)}Z`, event.padEnd(22), ...texts].join("  ").trimEnd();
}
