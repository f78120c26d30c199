import { basename, dirname } from "node:path";
import type { FileSettings } from "../template/nginx-settings.ts";
import { readOperatorFile, readOperatorFiles } from "./operator-files.ts";

/** Directories of the operator's files, by what they are for; `proxy` is one file. */
export type FileDirectories = { readonly [K in keyof FileSettings]?: string | undefined };

/** The operator's files as they were when they were last looked at. */
export class FileStore {
  readonly #directories: FileDirectories;
  #settings: FileSettings;

  constructor(directories: FileDirectories) {
    this.#directories = directories;
    this.#settings = read(directories);
  }

  get settings(): FileSettings {
    return this.#settings;
  }

  /** What to watch. */
  get directories(): readonly string[] {
    const { proxy, ...directories } = this.#directories;
    return [...Object.values(directories), proxy && dirname(proxy)].filter((directory) => directory !== undefined);
  }

  /** Looks again; true when a file came, went or became another. */
  look(): boolean {
    const found = read(this.#directories);
    const isOther = JSON.stringify(listed(found)) !== JSON.stringify(listed(this.#settings));
    if (isOther) this.#settings = found;
    return isOther;
  }
}

function read({ vhosts, passwords, errors, proxy }: FileDirectories): FileSettings {
  const one = (directory: string | undefined) =>
    directory === undefined ? undefined : { directory, files: readOperatorFiles(directory) };
  const alone = (file: string | undefined) =>
    file === undefined
      ? undefined
      : { directory: dirname(file), files: readOperatorFile(dirname(file), basename(file)) };
  const found = { vhosts: one(vhosts), passwords: one(passwords), errors: one(errors), proxy: alone(proxy) };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function listed(settings: FileSettings): unknown {
  return Object.entries(settings).map(([what, found]) => [what, [...(found?.files ?? [])]]);
}
