import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { type Certificate, type ClientAuthority, parseCertificate, type RefusedCertificate } from "./certificate.ts";
import { readRegular } from "../../disk/read-regular.ts";

/** Names of files that can stand in a configuration as they are. */
const STEM = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

/** The certificates of a directory by their stem, and those that cannot be used. */
export interface CertificateSet {
  readonly usable: ReadonlyMap<string, Certificate>;
  readonly refused: readonly RefusedCertificate[];
  /** Authorities of clients by host (`<host>.ca.crt`); the empty name is for all hosts (`ca.crt`). */
  readonly authorities?: ReadonlyMap<string, ClientAuthority>;
  /** Changes with `dhparam.pem`, which is for hosts whose certificate has none; undefined when it is not there. */
  readonly dhparam?: string;
}

export const NO_CERTIFICATES: CertificateSet = { usable: new Map(), refused: [] };

/** Reads every `<stem>.crt` that has a `<stem>.key`. A directory that cannot be read is as good as empty, and said so. */
export function readCertificates(directory: string): CertificateSet {
  let files: readonly string[];
  try {
    files = readdirSync(directory).toSorted();
  } catch (error) {
    return { usable: new Map(), refused: [{ stem: directory, why: `${(error as NodeJS.ErrnoException).code}` }] };
  }
  const stems = files.flatMap((name) => (name.endsWith(".crt") ? [name.slice(0, -4)] : []));
  const found = stems
    .filter((stem) => files.includes(`${stem}.key`))
    .map((stem) => withExtras(readPair(directory, stem), directory, files));
  return {
    ...(isThere(directory, files, "dhparam.pem") && { dhparam: hashOf(directory, ["dhparam.pem"]) }),
    authorities: readAuthorities(directory, files),
    usable: new Map(found.flatMap((one) => ("why" in one ? [] : [[one.stem, one]]))),
    refused: found.filter((one) => "why" in one),
  };
}

function withExtras<T extends Certificate | RefusedCertificate>(
  one: T,
  directory: string,
  files: readonly string[],
): T {
  const extras = ["dhparam.pem", "chain.pem"].filter((ending) => isThere(directory, files, `${one.stem}.${ending}`));
  if ("why" in one || extras.length === 0) return one;
  const about = hashOf(
    directory,
    extras.map((ending) => `${one.stem}.${ending}`),
  );
  return { ...one, extras, extrasAbout: about };
}

/** `ca.crt` and `<host>.ca.crt`, maybe with lists of revoked certificates: `ca.crl.pem`, `<host>.crl.pem`. */
function readAuthorities(directory: string, files: readonly string[]): ReadonlyMap<string, ClientAuthority> {
  const found = files.filter((name) => (name === "ca.crt" || name.endsWith(".ca.crt")) && STEM.test(name));
  return new Map(
    found.map((authority) => {
      const host = authority === "ca.crt" ? "" : authority.slice(0, -".ca.crt".length);
      const lists = host === "" ? ["ca.crl.pem"] : [`${host}.crl.pem`, `${host}.ca.crl.pem`];
      const revoked = lists.find((name) => files.includes(name));
      const about = hashOf(directory, revoked === undefined ? [authority] : [authority, revoked]);
      return [host, { authority, ...(revoked !== undefined && { revoked }), about }];
    }),
  );
}

/** With a link that leads nowhere nginx would refuse the whole configuration. */
function isThere(directory: string, files: readonly string[], name: string): boolean {
  try {
    return files.includes(name) && statSync(join(directory, name)).isFile();
  } catch (error) {
    // What only nginx may read is there all the same.
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

function hashOf(directory: string, names: readonly string[]): string {
  const hash = createHash("sha256");
  for (const name of names) {
    try {
      hash.update(readRegular(join(directory, name)));
    } catch {
      hash.update(name);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

function readPair(directory: string, stem: string): Certificate | RefusedCertificate {
  if (!STEM.test(stem)) return { stem, why: "its name has other characters than letters, digits, dots and dashes" };
  try {
    const pem = readRegular(join(directory, `${stem}.crt`)).toString("utf8");
    return parseCertificate(stem, pem, readIfAllowed(join(directory, `${stem}.key`)));
  } catch (error) {
    return { stem, why: `${stem}.crt: ${(error as NodeJS.ErrnoException).code}` };
  }
}

/** A key need not be readable here: only nginx uses it. */
function readIfAllowed(file: string): string | undefined {
  try {
    return readRegular(file).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") return undefined;
    throw error;
  }
}
