import { once } from "node:events";
import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { FileDefaults } from "../config/file-defaults.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { readText } from "../disk/read-text.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { run } from "./run.ts";
import { reportSingleFile } from "./unwatched.ts";
import { templateProblems } from "./template-problems.ts";

/** What reading the file again returned. */
type Reread =
  | { readonly kind: "same" }
  | { readonly kind: "rejected"; readonly problems: readonly string[] }
  | { readonly kind: "changed"; readonly config: Config };

/**
 * Runs the renderer with a configuration file until the signal aborts. The file is watched: a valid new version replaces
 * the running configuration, an invalid one is logged and the running configuration stays. `onRefresh` receives a function
 * that reads all inputs again. Returns problems that only the operator can fix.
 */
export async function runFile(
  { file, defaults = {} }: { readonly file: string; readonly defaults?: FileDefaults },
  first: Config,
  signal: AbortSignal,
  log: Log,
  onRefresh: (refresh: () => void) => void,
): Promise<{ readonly problems: string[] }> {
  const following = new FollowedFile(file, defaults, log);
  let [config, good] = [first, first];
  let refresh = (): void => undefined;
  const read = (): void => void following.read();
  watchDirectory(dirname(file), read, signal);
  reportSingleFile(file, log);
  onRefresh(() => {
    refresh();
    read();
  });
  for (;;) {
    const newer = following.begin();
    const { problems, drained } = await run(config, AbortSignal.any([signal, newer]), log, {
      onStart: (running) => (refresh = () => running.refresh()),
      rejectedConfig: () => following.problems,
    });
    if (signal.aborted) return { problems: [] };
    await Promise.race([drained, aborted(signal)]);
    if (signal.aborted) return { problems: [] };
    if (following.next) [good, config] = [config, following.next];
    else if (config === good) return { problems };
    else {
      following.rejected(problems);
      config = good;
    }
  }
}

/** The configuration file, compared with its last valid text. */
class FollowedFile {
  readonly #file: string;
  readonly #defaults: FileDefaults;
  readonly #log: Log;
  #text: string;
  #problems: readonly string[] = [];
  /** Problems with which the file's configuration ended when it was run. */
  #unusable: readonly string[] = [];
  /** A configuration that replaces the one that is run. */
  #next: Config | undefined;
  #stop = new AbortController();

  constructor(file: string, defaults: FileDefaults, log: Log) {
    this.#file = file;
    this.#defaults = defaults;
    this.#log = log;
    const found = readText(file);
    this.#text = "text" in found ? found.text : "";
  }

  get next(): Config | undefined {
    return this.#next;
  }

  /** Begins a run. The signal aborts when there is a new configuration. */
  begin(): AbortSignal {
    this.#next = undefined;
    this.#stop = new AbortController();
    return this.#stop.signal;
  }

  /** Errors of the current file; none while it is in use. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** The file's configuration cannot be run. It stays rejected until the file changes. */
  rejected(problems: readonly string[]): void {
    this.#unusable = problems;
    this.#report(problems);
  }

  async read(): Promise<void> {
    const found = await this.#reread().catch((error: Error) => ({
      kind: "rejected" as const,
      problems: [`${this.#file}: ${error.message}`],
    }));
    if (found.kind === "changed") this.#unusable = [];
    this.#report(found.kind === "rejected" ? found.problems : this.#unusable);
    if (found.kind !== "changed") return;
    this.#log("info", "config.reloaded", { path: this.#file });
    this.#next = found.config;
    this.#stop.abort();
  }

  #report(problems: readonly string[]): void {
    const isNew = problems.join("\n") !== this.#problems.join("\n");
    // Assigned before logging, because the status page is rendered when something is logged.
    this.#problems = problems;
    for (const error of isNew ? problems : []) this.#log("error", "config.rejected", { path: this.#file, error });
  }

  async #reread(): Promise<Reread> {
    const found = readText(this.#file);
    if ("problem" in found) return { kind: "rejected", problems: [found.problem] };
    const { text } = found;
    if (text === this.#text) return { kind: "same" };
    const config = loadConfig(text, this.#file, this.#defaults);
    if ("problems" in config) return { kind: "rejected", problems: config.problems };
    const problems = await templateProblems(config);
    if (problems.length > 0) return { kind: "rejected", problems };
    this.#text = text;
    return { kind: "changed", config };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
