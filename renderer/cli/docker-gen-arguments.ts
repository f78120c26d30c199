import { parseConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { readText } from "../disk/read-text.ts";
import { FLAGS, type Flags } from "../import/docker-gen/flags.ts";
import { importCommandLine } from "../import/docker-gen/import.ts";

export type FromArguments =
  | {
      readonly config: Config;
      /** What Sallyport does in another way than docker-gen. */
      readonly differences: readonly string[];
      /** Whether the file is printed to standard output. */
      readonly isPrinted: boolean;
      /** Whether the file is published once. */
      readonly isOnce: boolean;
    }
  | { readonly problems: readonly string[] };

/** Sallyport's options that may stand among docker-gen's. */
const OWN: Flags = { agent: ["list"], "status-socket": ["text"], format: ["text"] };

/** Names of the options that begin a command line of docker-gen. */
export const DOCKER_GEN_OPTIONS: readonly string[] = Object.keys({ ...FLAGS, ...OWN });

/** Returns whether the arguments begin with an option of docker-gen. `--config` and `--version` are Sallyport's. */
export function areDockerGenArguments([first = ""]: readonly string[]): boolean {
  const [, name = ""] = /^--?([a-z-]+)(?:=|$)/.exec(first) ?? [];
  return DOCKER_GEN_OPTIONS.includes(name) && !/^--(config|version)\b/.test(first);
}

/** Makes a configuration of docker-gen's arguments. An argument that `import` cannot translate is an error. */
export function configFromArguments(args: readonly string[], directory: string): FromArguments {
  const imported = importCommandLine(args, { directory, read: readText }, OWN);
  if (imported.kind === "failed") return { problems: imported.problems };
  const textsOf = (kind: "differs" | "skipped"): string[] =>
    imported.notes.flatMap((note) => (note.kind === kind ? [note.text] : []));
  if (textsOf("skipped").length > 0) return { problems: textsOf("skipped") };
  const { isPrinted, isOnce, statusSocket } = imported;
  const config = parseConfig(imported.yaml, "command line");
  if ("problems" in config) return config;
  // A renderer that publishes once must not take the status socket of one that keeps running.
  const own = isOnce && statusSocket === undefined ? { statusSocket: `/tmp/sallyport-${process.pid}.sock` } : {};
  return { config: { ...config, ...own }, differences: textsOf("differs"), isPrinted, isOnce };
}
