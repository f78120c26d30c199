import type { FormatName } from "../template/formats/format-table.ts";
import type { Generation } from "./generation.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";

/** Longest name of a process that Linux keeps. */
const MAX_PROCESS = 15;

const SIGNALS: Readonly<Record<number, string>> = { 1: "SIGHUP", 10: "SIGUSR1", 12: "SIGUSR2" };

/** Programs that read a format and no other, by the name of their process. */
const READERS: Partial<Readonly<Record<FormatName, string>>> = { haproxy: "haproxy", caddyfile: "caddy" };

/** A signal to a program of which only the container is known, in our words; `none` when it cannot be sent. */
export interface ImportedSignal {
  readonly reload: "none" | { readonly signal: { readonly process: string; readonly signal: string } };
  readonly notes: readonly Note[];
}

/** docker-gen's signals to containers, for a file that is not nginx's: one of them goes to a process by its name. */
export function importSignal(generation: Generation, format: FormatName): ImportedSignal {
  const { notifyContainers, notifyFilter, notifySignal } = generation;
  const named = Object.entries(notifyContainers).map(([id, signal]) => ({ name: id.replace(/^\//, ""), signal }));
  const filtered = Object.entries(notifyFilter).flatMap(([key, values]) =>
    values.map((value) => ({ name: key === "name" ? value.replace(/^\^?\/?|\$$/g, "") : "", signal: notifySignal })),
  );
  const [told, ...others] = [...named, ...filtered];
  if (told === undefined) return { reload: "none", notes: [] };
  const process = READERS[format] ?? told.name.slice(0, MAX_PROCESS);
  const signal = SIGNALS[told.signal];
  const notes = others.map(({ name }) => leftOut(`one program is told, and not ${quoted(name)}, too`, "reload"));
  if (signal === undefined) return { reload: "none", notes: [whyNot(told.signal), ...notes] };
  if (process === "" || /^[0-9a-f]{12}/.test(process)) return { reload: "none", notes: [NAMELESS, ...notes] };
  return { reload: { signal: { process, signal } }, notes: [guessed(process), ...notes] };
}

const NAMELESS = leftOut(
  "which program is to be told is not known here: name its process or its PID file by `reload: signal`",
  "reload",
);

function guessed(process: string): Note {
  return differs(
    "nothing here can send a signal through Docker: it is sent to a process that shares user and PID namespace with the " +
      `renderer (docs/reload.md). That it is called ${quoted(process)} is a guess`,
    "reload",
  );
}

function whyNot(signal: number): Note {
  if (signal === -1) {
    return leftOut(
      "docker-gen would restart the container: a program that does so can be named by `reload: exec`",
      "reload",
    );
  }
  if (signal <= 0) {
    return leftOut(`signal ${signal}: docker-gen would kill the container (SIGKILL); here it is not told`, "reload");
  }
  return leftOut(`signal ${signal} is not sent; \`reload: signal\` knows SIGHUP, SIGUSR1 and SIGUSR2`, "reload");
}
