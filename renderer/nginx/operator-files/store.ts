import { basename, dirname, isAbsolute, join } from "node:path";
import { lstatSync } from "node:fs";
import { hashFiles } from "../file-hash.ts";
import type { FileSettings, UpstreamTls } from "../settings.ts";
import { upstreamTlsFiles } from "../upstream-tls.ts";
import { type FileDirectory, type FileKind, readOperatorFiles, RELEASE } from "./directory.ts";
import type { KnownFiles } from "./known-files.ts";
import { readServerNames } from "./server-names.ts";
import { readDirectives, readSiblingDirectives } from "./top-level-directives.ts";

type Siblings = Required<Pick<FileSettings, "siblingDirectives" | "siblingHosts">>;

/** Paths of the operator's files: `proxy` is a file, the others are directories. */
export type FilePaths = {
  readonly [K in Exclude<keyof FileSettings, keyof Siblings | "upstreamTlsHashes">]?: string | undefined;
};

/** Where the operator's files are. */
export interface FilePlaces {
  readonly paths: FilePaths;
  readonly destination: string;
  readonly upstreamTls?: Readonly<Record<string, UpstreamTls>>;
  /** Ports on which the target's hosts are served. */
  readonly ports?: readonly number[];
  /** Whether a renderer publishes the file. */
  readonly isPublished?: (path: string) => boolean;
  /** The directory of the reload channel, whose FIFO belongs to nginx's user. */
  readonly channel?: string | undefined;
}

/** The operator's files, and the other files in the destination's directory, as they were last read. */
export class FileStore {
  readonly #places: FilePlaces;
  readonly #knownFiles: KnownFiles;
  #settings: FileSettings;

  constructor(places: FilePlaces, knownFiles: KnownFiles) {
    this.#places = places;
    this.#knownFiles = knownFiles;
    this.#settings = this.#read();
  }

  get settings(): FileSettings {
    return this.#settings;
  }

  /** Directories to watch; call `refresh` when one changes. */
  get directories(): readonly string[] {
    const { proxy: _, ...directories } = this.#places.paths;
    const all = [...Object.values(directories), ...this.files.map((file) => dirname(file))];
    return [...new Set(all)].filter((directory) => directory !== undefined);
  }

  /** Files that are configured by their own path. */
  get files(): readonly string[] {
    const { paths, upstreamTls = {} } = this.#places;
    return [
      ...(paths.proxy === undefined ? [] : [paths.proxy]),
      ...Object.values(upstreamTls).flatMap(upstreamTlsFiles),
    ];
  }

  /** The destination's directory, which changes with each publication; call `refreshSiblings` when it does. */
  get siblingDirectory(): string | undefined {
    const { destination } = this.#places;
    return isAbsolute(destination) ? dirname(destination) : undefined;
  }

  /** Reads all files again. Returns true if one was added, removed or changed. */
  refresh(): boolean {
    const found = this.#read();
    const isChanged = fingerprintOf(found) !== fingerprintOf(this.#settings);
    if (isChanged) this.#settings = found;
    return isChanged;
  }

  /** Reads only the other files in the destination's directory. Returns true if they have other directives or names. */
  refreshSiblings(): boolean {
    const found = { ...this.#settings, ...this.#readSiblings() };
    const isChanged = fingerprintOf(found) !== fingerprintOf(this.#settings);
    if (isChanged) this.#settings = found;
    return isChanged;
  }

  #read(): FileSettings {
    const { paths, channel, upstreamTls = {} } = this.#places;
    const nginxUser = channel === undefined ? undefined : ownerOf(join(channel, "word"));
    const found = Object.entries(paths).flatMap(([kind, path]): [string, FileDirectory][] => {
      if (path === undefined) return [];
      const own = basename(path);
      const [directory, names] = kind === "proxy" ? [dirname(path), [own, own + RELEASE]] : [path, undefined];
      const setting = `nginx.files.${kind}`;
      const options = { kind: kind as FileKind, setting, nginxUser, ...(names && { names }) };
      // Files of a directory have the same names in another one.
      const place = kind === "proxy" ? `${setting} ${path}` : setting;
      return [[kind, this.#knownFiles.complete(place, readOperatorFiles(directory, options))]];
    });
    const hashes = Object.entries(upstreamTls).map(([name, one]) => [name, hashFiles("/", upstreamTlsFiles(one))]);
    return {
      ...Object.fromEntries(found),
      upstreamTlsHashes: Object.fromEntries(hashes) as Record<string, string>,
      ...this.#readSiblings(),
    };
  }

  /** The file for the proxy directives is part of the same block. */
  #readSiblings(): Siblings {
    const { destination, paths, ports = [], isPublished = () => false } = this.#places;
    const hasSiblings = isAbsolute(destination);
    return {
      siblingDirectives: [
        ...(hasSiblings ? readSiblingDirectives(destination) : []),
        ...(paths.proxy === undefined ? [] : readDirectives(paths.proxy)),
      ],
      siblingHosts: hasSiblings ? readServerNames(destination, ports, isPublished) : [],
    };
  }
}

/** Root's child processes of nginx have another user. */
function ownerOf(path: string): number | undefined {
  try {
    const uid = lstatSync(path, { throwIfNoEntry: false })?.uid;
    return uid === 0 ? undefined : uid;
  } catch {
    return undefined;
  }
}

function fingerprintOf({ siblingDirectives, siblingHosts, upstreamTlsHashes, ...directories }: FileSettings): string {
  const own = [siblingDirectives, siblingHosts, upstreamTlsHashes];
  return JSON.stringify([...own, Object.values(directories).map(directoryFingerprint)]);
}

/** Returns a text that differs when anything in the directory does. */
export function directoryFingerprint({ files, lost, released, ...rest }: FileDirectory): string {
  return JSON.stringify([rest, [...files.values()], [...(lost ?? [])], [...(released ?? [])]]);
}
