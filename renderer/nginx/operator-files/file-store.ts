import { basename, dirname, isAbsolute } from "node:path";
import type { FileSettings } from "../settings.ts";
import { directivesBeside } from "./lines-beside.ts";
import { readOperatorFile, readOperatorFiles } from "./operator-files.ts";

/** Directories of the operator's files, by what they are for; `proxy` is one file. */
export type FileDirectories = {
  readonly [K in Exclude<keyof FileSettings, "given">]?: string | undefined;
};

/** The operator's files as they were when they were last looked at, those beside the destination included. */
export class FileStore {
  readonly #directories: FileDirectories;
  readonly #destination: string;
  #settings: FileSettings;

  constructor(directories: FileDirectories, destination: string) {
    this.#directories = directories;
    this.#destination = destination;
    this.#settings = read(directories, destination);
  }

  get settings(): FileSettings {
    return this.#settings;
  }

  /** What to watch. */
  get directories(): readonly string[] {
    const { proxy, ...directories } = this.#directories;
    return [...Object.values(directories), proxy && dirname(proxy)].filter((directory) => directory !== undefined);
  }

  /** The destination's directory, to watch for `lookBeside`: it changes with each publication. */
  get beside(): string | undefined {
    return isAbsolute(this.#destination) ? dirname(this.#destination) : undefined;
  }

  /** Looks again; true when a file came, went or became another. */
  look(): boolean {
    const found = read(this.#directories, this.#destination);
    const isOther = JSON.stringify(listed(found)) !== JSON.stringify(listed(this.#settings));
    if (isOther) this.#settings = found;
    return isOther;
  }

  /** Looks again at what stands beside the destination, and at nothing else; true when it says other things. */
  lookBeside(): boolean {
    const given = givenBeside(this.#destination);
    const isOther = given.join(" ") !== this.#settings.given?.join(" ");
    if (isOther) this.#settings = { ...this.#settings, given };
    return isOther;
  }
}

function read({ vhosts, passwords, errors, proxy }: FileDirectories, destination: string): FileSettings {
  const one = (directory: string | undefined) =>
    directory === undefined ? undefined : { directory, files: readOperatorFiles(directory) };
  const alone = (file: string | undefined) =>
    file === undefined
      ? undefined
      : { directory: dirname(file), files: readOperatorFile(dirname(file), basename(file)) };
  const found = { vhosts: one(vhosts), passwords: one(passwords), errors: one(errors), proxy: alone(proxy) };
  const given = givenBeside(destination);
  return { ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)), given };
}

function givenBeside(destination: string): string[] {
  return isAbsolute(destination) ? directivesBeside(destination) : [];
}

function listed({ given, ...directories }: FileSettings): unknown {
  return [given, ...Object.entries(directories).map(([what, found]) => [what, [...(found?.files ?? [])]])];
}
