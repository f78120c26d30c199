import type { Log, LogFields, LogLevel } from "../../shared/log.ts";
import { printable } from "../status/printable.ts";

/** How a terminal is told to empty the line it is on. */
const CLEAR_LINE = "\r\u001b[K";

const COLOURS: Readonly<Record<LogLevel, string>> = { debug: "2", info: "0", warn: "33", error: "31" };

/** Fields that say what an event is about: they stand before the others. */
const SUBJECTS = ["host", "container", "destination", "socket", "template", "file"];

/** What tells programs which text or which agent it was, and a person nothing. */
const FOR_PROGRAMS: ReadonlySet<string> = new Set(["sha256", "instance"]);

/** Longest text of one field on a terminal, in characters: the longest reason there is, and its place. */
const MAX_FIELD = 700;

export interface Terminal {
  readonly write: (text: string) => void;
  /** Characters in a line, as it is now. */
  readonly columns: () => number;
  readonly hasColours: boolean;
}

/**
 * A log for a person at a terminal: one readable line an event, and below them one that always says how all stands, until
 * the renderer ends. A mistake of the person's own is told as it is, as compilers do it.
 * What containers wrote is escaped: no text of theirs moves the cursor.
 */
export function createTerminalLog(terminal: Terminal, now: () => Date = () => new Date()): Log {
  const standing = new Standing();
  return (level, event, fields = {}) => {
    standing.note(event, fields);
    if (level === "debug") return;
    const words = event === MISCONFIGURED ? printable(String(fields["problem"])) : wordsOf(event, fields, now());
    const line = terminal.hasColours ? `\u001b[${COLOURS[level]}m${words}\u001b[0m` : words;
    // What the renderer says of itself comes before it follows anything, or last: a prompt may stand there next.
    const below = event.startsWith("renderer.") ? "" : standing.line.slice(0, Math.max(0, terminal.columns() - 1));
    terminal.write(`${CLEAR_LINE}${line}\n${below}`);
  };
}

const MISCONFIGURED = "renderer.misconfigured";

function wordsOf(event: string, fields: LogFields, now: Date): string {
  const time = now.toISOString().slice(11, 19);
  return [`${time}Z`, event.padEnd(22), ...textsOf(fields)].join("  ").trimEnd();
}

function textsOf(fields: LogFields): string[] {
  const said = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && value !== "" && !FOR_PROGRAMS.has(name),
  );
  const place = ([name]: readonly [string, unknown]): number => (SUBJECTS.includes(name) ? 0 : 1);
  return said
    .toSorted((a, b) => place(a) - place(b))
    .map(([name, value]) => {
      const text = printable(String(value));
      const clipped = text.length > MAX_FIELD ? `${text.slice(0, MAX_FIELD)}...` : text;
      return SUBJECTS.includes(name) ? clipped : `${name}=${clipped}`;
    });
}

/** How all stands, as far as the events tell. */
class Standing {
  readonly #hosts = new Set<string>();
  readonly #agents = new Map<string, boolean>();
  readonly #targets = new Map<string, string>();

  note(event: string, { host, socket, destination, generation }: LogFields): void {
    if (event === "route.changed") this.#hosts.add(String(host));
    if (event === "route.removed") this.#hosts.delete(String(host));
    if (event === "agent.connected" || event === "agent.lost")
      this.#agents.set(String(socket), event === "agent.connected");
    if (event === "target.started") this.#targets.set(String(destination), "beginning");
    if (event === "publish.succeeded") this.#targets.set(String(destination), `live (${String(generation)})`);
    if (event === "publish.rejected" || event === "publish.failed")
      this.#targets.set(String(destination), event.slice("publish.".length));
  }

  get line(): string {
    const agents = [...this.#agents.values()];
    const here = agents.filter(Boolean).length;
    const targets = [...this.#targets].map(([destination, state]) => `${printable(destination)} ${state}`);
    return [`${this.#hosts.size} hosts`, `agents ${here}/${agents.length}`, ...targets].join(" | ");
  }
}
