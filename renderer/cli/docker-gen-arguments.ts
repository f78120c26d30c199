import { type Config, parseConfig } from "../config/schema.ts";
import { importCommandLine } from "../import/docker-gen/import.ts";
import { type Option, OPTIONS } from "../import/docker-gen/options.ts";
import { readText } from "./import.ts";

/** A configuration from docker-gen's words, what is done in another way than there, or why it is none. */
export type FromWords =
  | {
      readonly config: Config;
      readonly differences: readonly string[];
      /** The text is to be printed. */
      readonly isPrinted: boolean;
      /** It is to be done once, and not followed. */
      readonly isOnce: boolean;
    }
  | { readonly problems: readonly string[] };

/** Flags of ours beside docker-gen's: the sockets of agents and of the status, and how values are quoted. */
const OWN: readonly Option[] = [
  { flag: "agent", kind: "list" },
  { flag: "status-socket", kind: "text" },
  { flag: "format", kind: "text" },
];

/** Whether a command line is in docker-gen's words: it begins with a flag of them, and `--config` is ours. */
export function areDockerGenWords([first = ""]: readonly string[]): boolean {
  const [, name] = /^--?([a-z-]+)(?:=|$)/.exec(first) ?? [];
  if (name === undefined || first.startsWith("--config")) return false;
  return [...OPTIONS, ...OWN].some(({ flag }) => flag === name);
}

/** All that the words ask for must be possible: what `import` leaves out is a problem here. */
export function configFromWords(words: readonly string[], directory: string): FromWords {
  const read: typeof readText = (file, what) =>
    what === "template"
      ? readText(file, what)
      : { problem: `-config ${file}: make a configuration of it with \`import\`` };
  const imported = importCommandLine(words, directory, read, OWN);
  if (imported.kind === "failed") return { problems: imported.problems };
  const textsOf = (kind: "differs" | "left out"): string[] =>
    imported.notes.flatMap((note) => (note.kind === kind ? [note.text] : []));
  if (textsOf("left out").length > 0) return { problems: textsOf("left out") };
  const { isPrinted, isOnce, statusSocket } = imported;
  const config = parseConfig(imported.yaml, "command line");
  if ("problems" in config) return config;
  // Nobody asks one that ends at once, and it may run beside one that goes on.
  const own = isOnce && statusSocket === undefined ? { statusSocket: `/tmp/sallyport-${process.pid}.sock` } : {};
  return { config: { ...config, ...own }, differences: textsOf("differs"), isPrinted, isOnce };
}
