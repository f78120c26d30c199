import { createHash } from "node:crypto";
import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { readRegular } from "../../disk/read-regular.ts";
import { parseHost } from "../../routes/grammar.ts";
import type { Fault } from "../guard.ts";
import { clientFileProblem, isHostCertificate } from "../certificates/client-files.ts";
import { topLevelDirectives } from "./top-level-directives.ts";
import { isRestricting, statementsOf } from "./statements.ts";

/** What the files of a directory are for. Those for `errors` never restrict access. */
export type FileKind = "vhosts" | "passwords" | "errors" | "proxy" | "clients";

export interface OperatorFile {
  readonly name: string;
  /** Short hash of the contents, which is printed into the configuration, so that a change causes a reload. */
  readonly hash: string;
  /** Why nginx cannot apply it. */
  readonly fault?: Omit<Fault, "where">;
  /** Whether it restricts access, as far as is known. */
  readonly restricts?: boolean;
  readonly isBlank?: boolean;
  readonly directives?: readonly string[];
  /** Its directives outside of any block, see `topLevelDirectives`. */
  readonly settings?: readonly string[];
}

/** The files of a directory by their names as hosts look for them: host names in lower case and ASCII. */
export type OperatorFiles = ReadonlyMap<string, OperatorFile>;

export interface FileDirectory {
  /** As a path in nginx. */
  readonly directory: string;
  readonly files: OperatorFiles;
  /** Why it is unknown which files there are. */
  readonly fault?: Fault;
  /** Names of missing files that restricted access when they were last there. */
  readonly lost?: ReadonlySet<string>;
  /** Names of files whose removal the operator confirms. */
  readonly released?: ReadonlySet<string>;
}

/** A file with this ending confirms that the file without it is removed on purpose. No host name contains `_`. */
export const RELEASE = "_removed";

/** File names that can be printed into a configuration; the file of a wildcard host has a `*`, that of an address a `:`, one that containers name an `@`. */
const NAME = /^[A-Za-z0-9*:@][A-Za-z0-9*:._-]{0,254}$/;

/** Maximum number of files that are read from one directory. */
const MAX_FILES = 10_000;

export interface ReadOptions {
  readonly kind: FileKind;
  /** The key of the configuration that names the directory. */
  readonly setting: string;
  /** Only these files; each may be missing. */
  readonly names?: readonly string[];
  /** nginx's user id, if known. */
  readonly nginxUser?: number | undefined;
}

/** Reads the operator's files in a directory, or only `names` of it. Never throws: faults are part of the result. */
export function readOperatorFiles(directory: string, options: ReadOptions): FileDirectory {
  const names = options.names ?? list(directory, options);
  if (!Array.isArray(names)) return { directory, files: new Map(), fault: names as Fault };
  const read = names.flatMap((name) => readOne(directory, name, options) ?? []);
  const isRelease = ({ name }: OperatorFile): boolean => name.endsWith(RELEASE);
  // Of names that differ only in their case the canonical one applies.
  const files = read.filter((file) => !isRelease(file)).toSorted((a, b) => rank(a) - rank(b));
  const released = read.filter(isRelease).map(({ name }) => canonicalName(name.slice(0, -RELEASE.length)));
  return {
    directory,
    files: new Map(files.map((file) => [canonicalName(file.name), file])),
    ...(released.length > 0 && { released: new Set(released) }),
  };
}

function rank({ name }: OperatorFile): number {
  return name === canonicalName(name) ? 1 : 0;
}

/** Returns the name by which a host looks for a file: its host name is normalized as in VIRTUAL_HOST. */
export function canonicalName(name: string): string {
  const [, host = "", suffix = ""] = /^([^]*?)(_[^]*|(?:\.ca)?\.crl\.pem|\.ca\.crt)?$/.exec(name) ?? [];
  const parsed = parseHost(host);
  return (parsed.kind === "ok" ? parsed.value.replace(/^\[(.*)\]$/, "$1") : host.toLowerCase()) + suffix.toLowerCase();
}

function list(directory: string, { kind, setting, nginxUser }: ReadOptions): string[] | Fault {
  const where = `${setting} ${directory}`;
  try {
    const names = readdirSync(directory).toSorted();
    const wanted = names.filter((name) => !name.startsWith(".") && (kind !== "clients" || CLIENT_FILES.test(name)));
    if (wanted.length > MAX_FILES) {
      return { where, problem: `has more than ${MAX_FILES} files`, hint: "remove those that no host uses" };
    }
    if (kind !== "passwords" || mayUse(statSync(directory), 1, nginxUser)) return wanted;
    return { where, problem: "nginx may not enter the directory", hint: "run chmod o+x on it" };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const [problem, hint] =
      code === "ENOENT"
        ? ["the directory does not exist in the renderer", "mount or create it, or remove the key"]
        : code === "EACCES"
          ? ["the renderer may not list the directory", "run chmod o+rx on it"]
          : [`the directory cannot be listed (${code})`, "replace it by a directory"];
    return { where, problem, hint };
  }
}

/** Authorities and revocation lists for client certificates. */
const CLIENT_FILES = /^(?:ca\.crt|ca\.crl\.pem|.+\.ca\.crt|.+\.crl\.pem|.+_removed)$/i;

/** Returns undefined if there is no such file. */
function readOne(directory: string, name: string, options: ReadOptions): OperatorFile | undefined {
  const path = join(directory, name);
  if (name.endsWith(RELEASE)) return lstatSync(path, { throwIfNoEntry: false }) && { name, hash: "" };
  if (!NAME.test(name)) {
    const hint = `rename it to ${JSON.stringify(canonicalName(name))}`;
    return { name, hash: "", restricts: true, fault: { problem: "nginx cannot read a file of this name", hint } };
  }
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
    const bytes = readRegular(path);
    const text = bytes.toString("utf8");
    // With its key next to it, the file is a certificate of a host. Without a key it is an authority.
    const isOfHost = options.kind === "clients" && isHostCertificate(name, text);
    if (isOfHost && lstatSync(path.replace(/crt$/, "key"), { throwIfNoEntry: false })) return undefined;
    const found = {
      name,
      hash: hashOf(bytes),
      ...describe(name, text, options.kind),
      ...(isOfHost && { restricts: false }),
    };
    const isReadable = options.kind !== "passwords" || mayUse(statSync(path), 4, options.nginxUser);
    return isReadable ? found : { ...found, fault: NOT_FOR_NGINX };
  } catch (error) {
    return { name, restricts: true, ...describeUnread(path, (error as NodeJS.ErrnoException).code ?? "", options) };
  }
}

const NOT_FOR_NGINX = {
  problem: "nginx may not read the file",
  hint: "run chmod 644 on it, or give it to a group of nginx and run chmod 640",
};

const UNREADABLE: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOTFILE: ["it is not a regular file", "replace it by a file"],
  ENXIO: ["it is not a regular file", "replace it by a file"],
  ENOENT: ["it is a link to a file that does not exist in the renderer", "restore or mount that file"],
  ELOOP: ["it is a link that leads nowhere", "replace it by a file"],
  EFBIG: ["it is larger than 16 MiB", "replace it by a smaller file"],
};

/** nginx may be able to read a file that the renderer may not: its user and groups decide, as far as they are known. */
function describeUnread(path: string, code: string, { kind, nginxUser }: ReadOptions): Omit<OperatorFile, "name"> {
  const found = code === "EACCES" ? statOrNothing(path) : undefined;
  if (found?.isFile() && mayUse(found, 4, nginxUser)) {
    return { hash: hashOf(Buffer.from([found.ino, found.size, found.mtimeMs].join(" "))) };
  }
  if (code === "EACCES" && kind !== "clients") return { hash: code, fault: NOT_FOR_NGINX };
  const [problem, hint] = UNREADABLE[code] ?? [`it cannot be read (${code})`, "correct its owner and mode"];
  return { hash: code, fault: { problem, hint } };
}

function describe(name: string, text: string, kind: FileKind): Omit<OperatorFile, "name" | "hash"> {
  const isBlank = text.trim() === "";
  switch (kind) {
    case "errors":
      return {};
    case "passwords": {
      const hasUser = /^[^#:\s][^:\n]*:[^\s]/m.test(text);
      const [problem, hint] = ["it has no line `name:hash`", "add a user, see docs/how-to/passwords.md"];
      return { restricts: true, ...(!hasUser && { fault: { problem, hint } }) };
    }
    case "clients": {
      const problem = clientFileProblem(name, text);
      const hint = "write the file again; a certificate authority creates it";
      return { restricts: true, ...(problem !== undefined && { fault: { problem, hint } }) };
    }
    case "vhosts":
    case "proxy": {
      const statements = statementsOf(text);
      const directives = [...new Set(statements.map(({ name }) => name))];
      return { isBlank, directives, settings: topLevelDirectives(text), restricts: statements.some(isRestricting) };
    }
  }
}

/** Returns undefined if the renderer may not enter the directory. */
function statOrNothing(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

/** Whether nginx may read (4) or enter (1), as far as is known: group 0 and user 0 are not nginx's, others may be. */
function mayUse({ mode, uid, gid }: Stats, bit: 4 | 1, nginxUser: number | undefined): boolean {
  if ((mode & bit) !== 0 || ((mode & (bit << 3)) !== 0 && gid !== 0)) return true;
  return (mode & (bit << 6)) !== 0 && (nginxUser === undefined ? uid !== 0 : uid === nginxUser);
}
