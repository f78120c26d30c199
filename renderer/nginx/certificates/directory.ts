import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegular } from "../../disk/read-regular.ts";
import { hashFiles, isFile } from "../file-hash.ts";
import { type Certificate, type ClientAuthority, type InvalidCertificate, parseCertificate } from "./certificate.ts";

/** File names that can be printed into a configuration without quotes. */
const STEM = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

/** The certificates of a directory. */
export interface CertificateSet {
  /** By stem. */
  readonly usable: ReadonlyMap<string, Certificate>;
  readonly invalid: readonly InvalidCertificate[];
  /** CAs for client certificates by host (`<host>.ca.crt`); the empty name is for all hosts (`ca.crt`). */
  readonly authorities?: ReadonlyMap<string, ClientAuthority>;
  /** Hash of `dhparam.pem`, which is for hosts whose certificate has none; undefined if there is no such file. */
  readonly dhparam?: string;
}

export const NO_CERTIFICATES: CertificateSet = { usable: new Map(), invalid: [] };

/** Reads every `<stem>.crt` that has a `<stem>.key`. An unreadable directory is empty and listed as invalid. */
export function readCertificates(directory: string): CertificateSet {
  let files: readonly string[];
  try {
    files = readdirSync(directory).toSorted();
  } catch (error) {
    return { ...NO_CERTIFICATES, invalid: [{ stem: directory, reason: unreadable(error) }] };
  }
  const stems = files.flatMap((name) => (name.endsWith(".crt") ? [name.slice(0, -4)] : []));
  const found = stems.filter((stem) => files.includes(`${stem}.key`)).map((stem) => readPair(directory, stem));
  return {
    ...(isFile(directory, "dhparam.pem") && { dhparam: hashFiles(directory, ["dhparam.pem"]) }),
    authorities: readAuthorities(directory, files),
    usable: new Map(found.flatMap((one) => ("reason" in one ? [] : [[one.stem, one]]))),
    invalid: found.filter((one) => "reason" in one),
  };
}

function readPair(directory: string, stem: string): Certificate | InvalidCertificate {
  if (!STEM.test(stem)) return { stem, reason: "its name may have only letters, digits, dots and dashes" };
  try {
    const pem = readRegular(join(directory, `${stem}.crt`)).toString("utf8");
    const found = parseCertificate(stem, pem, readKey(join(directory, `${stem}.key`)));
    return "reason" in found ? found : { ...found, ...readExtras(directory, stem) };
  } catch (error) {
    return { stem, reason: `${stem}.crt or ${stem}.key ${unreadable(error)}` };
  }
}

/** Returns undefined if only nginx may read the key. */
function readKey(file: string): string | undefined {
  try {
    return readRegular(file).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") return undefined;
    throw error;
  }
}

function readExtras(directory: string, stem: string): Pick<Certificate, "extras" | "extrasHash"> {
  const extras = ["dhparam.pem", "chain.pem"].filter((ending) => isFile(directory, `${stem}.${ending}`));
  const names = extras.map((ending) => `${stem}.${ending}`);
  return extras.length === 0 ? {} : { extras, extrasHash: hashFiles(directory, names) };
}

/** Reads `ca.crt` and `<host>.ca.crt` with their revocation lists `ca.crl.pem` and `<host>.crl.pem`. */
function readAuthorities(directory: string, files: readonly string[]): ReadonlyMap<string, ClientAuthority> {
  const found = files.filter((name) => (name === "ca.crt" || name.endsWith(".ca.crt")) && STEM.test(name));
  return new Map(
    found.map((authority) => {
      const host = authority === "ca.crt" ? "" : authority.slice(0, -".ca.crt".length);
      const lists = host === "" ? ["ca.crl.pem"] : [`${host}.crl.pem`, `${host}.ca.crl.pem`];
      const revoked = lists.find((name) => files.includes(name));
      const hash = hashFiles(directory, revoked === undefined ? [authority] : [authority, revoked]);
      return [host, { authority, ...(revoked !== undefined && { revoked }), hash }];
    }),
  );
}

function unreadable(error: unknown): string {
  return `cannot be read: ${(error as NodeJS.ErrnoException).code}`;
}
