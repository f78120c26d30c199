import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import { type Config, parseConfig } from "./schema.ts";
import { unreadableTemplates } from "./template-files.ts";
import { readText } from "../disk/read-text.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { run } from "../targets/run.ts";
import { templateProblems } from "../cli/check.ts";

/** What came of reading the file again. */
type Reread = { readonly kind: "same" } | { readonly kind: "refused"; readonly problems: readonly string[] } | Changed;
type Changed = { readonly kind: "changed"; readonly config: Config };

/**
 * Follows the agents as a configuration file says, until the signal aborts. The file is watched: its next version is
 * used as soon as it is a good one, and what is wrong with a bad one is said while the one before stays in use. Gives
 * problems that only a person can mend.
 */
export async function runFile(
  file: string,
  first: Config,
  signal: AbortSignal,
  log: Log,
  onRefresh: (refresh: () => void) => void,
): Promise<{ readonly problems: string[] }> {
  const following = new FollowedFile(file, log);
  let [config, good] = [first, first];
  let refresh = (): void => undefined;
  const look = (): void => void following.look();
  watchDirectory(dirname(file), look, signal);
  onRefresh(() => {
    refresh();
    look();
  });
  for (;;) {
    const next = following.next();
    const both = AbortSignal.any([signal, next.signal]);
    const running = run(
      config,
      both,
      log,
      (again) => (refresh = again),
      () => following.problems,
    );
    const { problems } = await running;
    if (signal.aborted) return { problems: [] };
    if (next.config) [good, config] = [config, next.config];
    else if (config === good) return { problems };
    else {
      for (const problem of problems) log("error", "config.refused", { file, problem });
      config = good;
    }
  }
}

/** The file's text as it was last found good. */
class FollowedFile {
  readonly #file: string;
  readonly #log: Log;
  #text: string;
  #problems: readonly string[] = [];
  #next: { readonly stop: AbortController; config: Config | undefined } = nothingYet();

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    const found = readText(file);
    this.#text = "text" in found ? found.text : "";
  }

  /** Its signal aborts when there is another configuration. */
  next(): { readonly signal: AbortSignal; readonly config: Config | undefined } {
    const mine = nothingYet();
    this.#next = mine;
    return {
      signal: mine.stop.signal,
      get config() {
        return mine.config;
      },
    };
  }

  /** What is wrong with the file as it is now; nothing while it is what is in use. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  async look(): Promise<void> {
    const found = await this.#reread().catch((error: Error) => ({
      kind: "refused" as const,
      problems: [`${this.#file}: ${error.message}`],
    }));
    const problems = found.kind === "refused" ? found.problems : [];
    const isNew = problems.join("\n") !== this.#problems.join("\n");
    // Kept first: what is logged is told by the page, too.
    this.#problems = problems;
    for (const problem of isNew ? problems : []) this.#log("error", "config.refused", { file: this.#file, problem });
    if (found.kind !== "changed") return;
    this.#log("info", "config.changed", { file: this.#file });
    this.#next.config = found.config;
    this.#next.stop.abort();
  }

  async #reread(): Promise<Reread> {
    const found = readText(this.#file);
    if ("problem" in found) return { kind: "refused", problems: [found.problem] };
    const { text } = found;
    if (text === this.#text) return { kind: "same" };
    const config = parseConfig(text, this.#file);
    if ("problems" in config) return { kind: "refused", problems: config.problems };
    const unread = unreadableTemplates(config, text, this.#file);
    const problems = unread.length > 0 ? unread : await templateProblems(config);
    if (problems.length > 0) return { kind: "refused", problems };
    this.#text = text;
    return { kind: "changed", config };
  }
}

function nothingYet(): { readonly stop: AbortController; config: Config | undefined } {
  return { stop: new AbortController(), config: undefined };
}
