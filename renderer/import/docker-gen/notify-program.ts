import { differs, leftOut, type Note, quoted } from "./note.ts";

/** Longest name of a process that Linux keeps. */
const MAX_PROCESS = 15;

const SIGNALS: Readonly<Record<number, string>> = { 1: "SIGHUP", 10: "SIGUSR1", 12: "SIGUSR2" };

/** A container that docker-gen signals: its name, "" when something else is told of it, and the signal's number. */
export interface Told {
  readonly name: string;
  readonly signal: number;
}

/** A signal to a process, in our words. */
export interface SignalRule {
  readonly signal: { readonly process: string; readonly signal: string };
}

/** docker-gen's signal to a container, as one to a process: that it is called as the container is, is a guess. */
export function importSignal(
  { name, signal: number }: Told,
  known?: string,
): { readonly rule?: SignalRule; readonly note: Note } {
  const process = known ?? name.slice(0, MAX_PROCESS);
  const signal = SIGNALS[number];
  if (signal === undefined) return { note: whyNot(number, name) };
  if (process === "" || /^[0-9a-f]{12}/.test(process)) return { note: NAMELESS };
  return { rule: { signal: { process, signal } }, note: guessed(process) };
}

const NAMELESS = leftOut(
  "which program is to be told is not known here: name its process or its PID file by `reload: signal`",
  "reload",
);

function guessed(process: string): Note {
  return differs(
    "nothing here can send a signal through Docker: it is sent to a process that shares user and PID namespace with the " +
      `renderer (docs/how-to/choose-a-reload-method.md). That it is called ${quoted(process)} is a guess`,
    "reload",
  );
}

function whyNot(signal: number, name: string): Note {
  if (signal === -1) {
    const instead = "a program that does so can be named by `reload: exec`";
    return leftOut(`docker-gen would restart the container ${quoted(name)}: ${instead}`, "reload");
  }
  if (signal <= 0) {
    const kills = `signal ${signal}: docker-gen would kill the container ${quoted(name)} (SIGKILL)`;
    return leftOut(`${kills}; here it is not told`, "reload");
  }
  return leftOut(`signal ${signal} is not sent; \`reload: signal\` knows SIGHUP, SIGUSR1 and SIGUSR2`, "reload");
}
