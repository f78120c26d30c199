import { basename, dirname, isAbsolute } from "node:path";
import type { FileDirectory, FileSettings } from "../settings.ts";
import { readOperatorFiles } from "./directory.ts";
import { readDirectives, readSiblingDirectives } from "./sibling-directives.ts";

/** Paths of the operator's files: `proxy` is a file, the others are directories. */
export type FilePaths = { readonly [K in Exclude<keyof FileSettings, "siblingDirectives">]?: string | undefined };

/** The operator's files, and the other files in the destination's directory, as they were last read. */
export class FileStore {
  readonly #paths: FilePaths;
  readonly #destination: string;
  #settings: FileSettings;

  constructor(paths: FilePaths, destination: string) {
    this.#paths = paths;
    this.#destination = destination;
    this.#settings = this.#read();
  }

  get settings(): FileSettings {
    return this.#settings;
  }

  /** Directories to watch; call `refresh` when one changes. */
  get directories(): readonly string[] {
    const { proxy, ...directories } = this.#paths;
    return [...Object.values(directories), proxy && dirname(proxy)].filter((directory) => directory !== undefined);
  }

  /** The destination's directory, which changes with each publication; call `refreshSiblings` when it does. */
  get siblingDirectory(): string | undefined {
    return isAbsolute(this.#destination) ? dirname(this.#destination) : undefined;
  }

  /** Reads all files again. Returns true if one was added, removed or changed. */
  refresh(): boolean {
    const found = this.#read();
    const isChanged = fingerprintOf(found) !== fingerprintOf(this.#settings);
    if (isChanged) this.#settings = found;
    return isChanged;
  }

  /** Reads only the other files in the destination's directory. Returns true if they have other directives. */
  refreshSiblings(): boolean {
    const siblingDirectives = this.#readSiblings();
    const isChanged = siblingDirectives.join(" ") !== this.#settings.siblingDirectives?.join(" ");
    if (isChanged) this.#settings = { ...this.#settings, siblingDirectives };
    return isChanged;
  }

  #read(): FileSettings {
    const found = Object.entries(this.#paths).flatMap(([kind, path]): [string, FileDirectory][] => {
      if (path === undefined) return [];
      const [directory, names] = kind === "proxy" ? [dirname(path), [basename(path)]] : [path];
      return [[kind, { directory, files: readOperatorFiles(directory, names) }]];
    });
    return { ...Object.fromEntries(found), siblingDirectives: this.#readSiblings() };
  }

  /** The file for the proxy directives is part of the same block. */
  #readSiblings(): string[] {
    const { proxy } = this.#paths;
    return [
      ...(isAbsolute(this.#destination) ? readSiblingDirectives(this.#destination) : []),
      ...(proxy === undefined ? [] : readDirectives(proxy)),
    ];
  }
}

function fingerprintOf({ siblingDirectives, ...directories }: FileSettings): string {
  const files = Object.entries(directories).map(([kind, found]) => [kind, [...(found?.files ?? [])]]);
  return JSON.stringify([siblingDirectives, files]);
}
