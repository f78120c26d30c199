import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { namesIn } from "../disk/read-or-empty.ts";
import { readRegular } from "../disk/read-regular.ts";
import { safeWrite } from "../disk/safe-write.ts";
import type { Wanted } from "./wanted.ts";

/** Directory of everything that the client installs, below the certificate directory. */
const OWN = "acme";

const MAX_PEM_BYTES = 1024 * 1024;

/** A certificate that the client installed. Times are in milliseconds since the epoch. */
export interface Installed {
  readonly kind: "installed";
  readonly names: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate and its key, in PEM, as the authority issued it. */
export interface Issued {
  readonly chain: Buffer;
  readonly key: Buffer;
}

/**
 * The certificate directory. `NAME.crt` and `NAME.key` are links to `acme/NAME/current/`, itself a link to the directory of
 * one version. So both files change in one step, and a file that the client did not install is never mistaken for one.
 */
export class CertificateFiles {
  readonly #directory: string;
  readonly #own: string | undefined;

  /** `own`: directory of the operator's certificates. */
  constructor(directory: string, own?: string) {
    this.#directory = directory;
    this.#own = own;
  }

  /** Returns what the directory has for a certificate. `foreign`: files that the client did not install. */
  find(file: string): Installed | { readonly kind: "absent" | "foreign" } {
    for (const ending of ["crt", "key"]) {
      if (this.#own !== undefined && existsSync(join(this.#own, `${file}.${ending}`))) return { kind: "foreign" };
      const target = this.#linkAt(`${file}.${ending}`);
      if (target === "other" || (target !== undefined && target !== linkTo(file, ending))) return { kind: "foreign" };
    }
    const current = join(this.#directory, OWN, file, "current");
    try {
      const found = new X509Certificate(readRegular(join(current, "crt.pem"), MAX_PEM_BYTES));
      // A file that was copied to `NAME.crt` is written through the link.
      if (readlinkSync(current) !== versionOf(found)) return { kind: "foreign" };
      if (this.#linkAt(`${file}.crt`) === undefined || this.#linkAt(`${file}.key`) === undefined) {
        return { kind: "absent" };
      }
      const [notBefore, notAfter] = [Date.parse(found.validFrom), Date.parse(found.validTo)];
      return { kind: "installed", names: namesOf(found), notBefore, notAfter };
    } catch {
      return { kind: "absent" };
    }
  }

  /** Installs a certificate. Until the last step the previous one is used. Throws errors of the file system. */
  async install({ file }: Pick<Wanted, "file">, { chain, key }: Issued): Promise<void> {
    const own = join(this.#directory, OWN, file);
    const version = versionOf(new X509Certificate(chain));
    mkdirSync(own, { recursive: true, mode: 0o755 });
    try {
      await safeWrite(join(own, version, "key.pem"), key, "content and name", { mode: 0o600 });
      await safeWrite(join(own, version, "crt.pem"), chain, "content and name");
      replaceLink(version, join(own, "current"));
    } catch (error) {
      rmSync(join(own, version), { recursive: true, force: true });
      throw error;
    }
    for (const ending of ["key", "crt"]) {
      if (this.#linkAt(`${file}.${ending}`) === undefined) {
        replaceLink(linkTo(file, ending), join(this.#directory, `${file}.${ending}`));
      }
    }
    for (const old of namesIn(own)) {
      if (/^[0-9a-f]{64}$/.test(old) && old !== version) rmSync(join(own, old), { recursive: true, force: true });
    }
  }

  /** Returns the target of a link; undefined if nothing has this name. */
  #linkAt(name: string): string | undefined {
    const path = join(this.#directory, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return undefined;
    return found.isSymbolicLink() ? readlinkSync(path) : "other";
  }
}

/** Returns why a certificate cannot be used for these names, or undefined. */
export function issuedProblem({ chain, key }: Issued, names: readonly string[]): string | undefined {
  try {
    const found = new X509Certificate(chain);
    if (!found.checkPrivateKey(createPrivateKey(key))) return "the issued certificate does not match its key";
    const missing = names.find((name) => !namesOf(found).includes(name));
    return missing === undefined ? undefined : `the issued certificate does not contain ${missing}`;
  } catch {
    return "the authority issued something that is not a certificate";
  }
}

function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map((match) => (match[1] ?? "").toLowerCase());
}

function versionOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(":", "").toLowerCase();
}

function linkTo(file: string, ending: string): string {
  return `${OWN}/${file}/current/${ending}.pem`;
}

/** Replaces a link in one step. */
function replaceLink(target: string, path: string): void {
  const temporary = join(dirname(path), ".new-link");
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, path);
}
