import { differs, type Note, quoted, skipped } from "../note.ts";

/** Longest name of a process in Linux, in bytes. */
const MAX_PROCESS = 15;

const SIGNALS: Readonly<Record<number, string>> = { 1: "SIGHUP", 10: "SIGUSR1", 12: "SIGUSR2" };

/** A container that docker-gen signals. The name is "" if a filter other than `name` selects it. */
export interface SignalledContainer {
  readonly name: string;
  readonly signal: number;
}

/** The reload method `signal`. */
export interface SignalRule {
  readonly signal: { readonly process: string; readonly signal: string };
}

/** Imports a signal to a container as one to a process. The process is guessed to have the container's name. */
export function importSignal(
  { name, signal: number }: SignalledContainer,
  knownProcess?: string,
): { readonly rule?: SignalRule; readonly note: Note } {
  const process = knownProcess ?? name.slice(0, MAX_PROCESS);
  const signal = SIGNALS[number];
  if (signal === undefined) return { note: skipped(reasonFor(number, name), "reload") };
  if (process === "" || /^[0-9a-f]{12}/.test(process)) {
    const text = "the process to reload is unknown; set its name or its PID file in `reload: signal`";
    return { note: skipped(text, "reload") };
  }
  const text =
    "Sallyport cannot send signals through Docker; it signals a process in the renderer's user and PID namespaces " +
    `(docs/how-to/choose-a-reload-method.md). The process name ${quoted(process)} is a guess`;
  return { rule: { signal: { process, signal } }, note: differs(text, "reload") };
}

function reasonFor(signal: number, name: string): string {
  if (signal === -1) {
    return `docker-gen restarts the container ${quoted(name)}; name a program that restarts it in \`reload: exec\``;
  }
  if (signal <= 0) return `signal ${signal}: docker-gen kills the container ${quoted(name)} (SIGKILL)`;
  return `signal ${signal} is not supported; \`reload: signal\` sends SIGHUP, SIGUSR1 and SIGUSR2`;
}
