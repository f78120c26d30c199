import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegular } from "../../disk/read-regular.ts";
import { hashFiles, isFile } from "../file-hash.ts";
import { type FileDirectory, readOperatorFiles } from "../operator-files/directory.ts";
import { type Certificate, type InvalidCertificate, parseCertificate } from "./certificate.ts";

/** File names that can be printed into a configuration without quotes. */
const STEM = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

export interface CertificateSet {
  /** By stem. */
  readonly usable: ReadonlyMap<string, Certificate>;
  readonly invalid: readonly InvalidCertificate[];
  /** Authorities and revocation lists for client certificates. */
  readonly clients?: FileDirectory;
  /** Hash of `dhparam.pem`, which is for hosts whose certificate has none; undefined if there is no such file. */
  readonly dhparam?: string;
}

export const NO_CERTIFICATES: CertificateSet = { usable: new Map(), invalid: [] };

/** Reads every `<stem>.crt` that has a `<stem>.key`. An unreadable directory is empty and listed as invalid. */
export function readCertificates(directory: string): CertificateSet {
  const clients = readOperatorFiles(directory, { kind: "clients", setting: "https.certificates" });
  let files: readonly string[];
  try {
    files = readdirSync(directory).toSorted();
  } catch (error) {
    return { ...NO_CERTIFICATES, clients, invalid: [{ stem: directory, reason: unreadable(error) }] };
  }
  const stems = files.flatMap((name) => (name.endsWith(".crt") ? [name.slice(0, -4)] : []));
  const found = stems.filter((stem) => files.includes(`${stem}.key`)).map((stem) => readPair(directory, stem));
  return {
    ...(isFile(directory, "dhparam.pem") && { dhparam: hashFiles(directory, ["dhparam.pem"]) }),
    clients,
    usable: new Map(found.flatMap((one) => ("reason" in one ? [] : [[one.stem, one]]))),
    invalid: found.filter((one) => "reason" in one),
  };
}

function readPair(directory: string, stem: string): Certificate | InvalidCertificate {
  if (!STEM.test(stem))
    return { stem, reason: "its name may have only letters, digits, dots and dashes; rename its files" };
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

function unreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const hint = code === "ENOENT" ? "mount or create it" : "let the renderer's user read it";
  return `cannot be read (${code}); ${hint}`;
}
