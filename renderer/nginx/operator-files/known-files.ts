import { readFileSync } from "node:fs";
import * as z from "zod";
import type { Log } from "../../../shared/log.ts";
import { safeWrite } from "../../disk/safe-write.ts";
import type { FileDirectory } from "./directory.ts";

/** By setting, or setting and path of a single file, the names of the files that restricted access when they were last there. */
const Known = z.record(z.string(), z.array(z.string()));

/**
 * Stores across restarts which files restricted access, so that a file that is lost closes its host instead of opening it.
 * A release file, or new contents that do not restrict, end this.
 */
export class KnownFiles {
  readonly #file: string | undefined;
  readonly #log: Log;
  readonly #known = new Map<string, Set<string>>();
  #problem: string | undefined;
  #saved = "";
  #mayWrite = false;

  /** Without a file, nothing is stored across restarts. */
  constructor(file: string | undefined, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#problem = this.#read();
  }

  /** From now on the names are saved. A process that only renders saves nothing. */
  keep(): void {
    this.#mayWrite = true;
    this.#save();
  }

  /** Returns what was read, with the files that are lost. `place` is the setting, with the path of a single file. */
  complete(place: string, found: FileDirectory): FileDirectory {
    if (this.#problem !== undefined) this.#problem = this.#read();
    if (found.fault) return found;
    const { files, released } = found;
    const known = this.#known.get(place) ?? new Set();
    const restricting = [...files].filter(([, { restricts }]) => restricts === true).map(([name]) => name);
    const isLost = (name: string): boolean => {
      const file = files.get(name);
      return (!file || file.isBlank === true) && released?.has(name) !== true;
    };
    const lost = [...known].filter((name) => isLost(name));
    this.#known.set(place, new Set([...lost, ...restricting].toSorted()));
    this.#save();
    if (this.#problem === undefined) return { ...found, ...(lost.length > 0 && { lost: new Set(lost) }) };
    const hint = "delete it to confirm that no file that restricts access is missing";
    return { ...found, fault: { where: this.#file ?? "", problem: this.#problem, hint } };
  }

  #read(): string | undefined {
    if (this.#file === undefined) return undefined;
    try {
      this.#saved = readFileSync(this.#file, "utf8");
      for (const [saved, names] of Object.entries(Known.parse(JSON.parse(this.#saved)))) {
        // Earlier versions saved the path of a directory, too.
        const place = saved.startsWith("nginx.files.proxy ") ? saved : saved.replace(/ .*/s, "");
        this.#known.set(place, new Set([...(this.#known.get(place) ?? []), ...names]));
      }
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      return code === undefined ? "the list of files that restrict access is damaged" : `it cannot be read (${code})`;
    }
  }

  /** A damaged file stays until the operator deletes it. */
  #save(): void {
    if (this.#file === undefined || !this.#mayWrite || this.#problem !== undefined) return;
    const known = [...this.#known].filter(([, names]) => names.size > 0).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const text = `${JSON.stringify(Object.fromEntries(known.map(([place, names]) => [place, [...names]])))}\n`;
    if (text === this.#saved) return;
    this.#saved = text;
    const path = this.#file;
    safeWrite(path, Buffer.from(text), "nothing").catch((error: Error) => {
      this.#saved = "";
      this.#log("warn", "cache.failed", { path, error: error.message });
    });
  }
}
