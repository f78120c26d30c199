import * as z from "zod";
import { readRegular } from "../disk/read-regular.ts";
import { MAX_NAMES, MAX_WANTED } from "./wanted.ts";

/** Name of the file, next to the certificates, in which the ACME client reports its progress. */
export const PROGRESS_FILE = "acme.json";

/** Longest error, in characters. */
export const MAX_ERROR = 500;

const MAX_BYTES = 32 * 1024 * 1024;

const instant = z.int().min(0).max(8_640_000_000_000_000);

/** What the ACME client has done for one certificate. Times are in milliseconds since the epoch. */
const Progress = z.strictObject({
  file: z.string().max(253),
  names: z.array(z.string().max(253)).max(MAX_NAMES),
  /** `foreign`: the directory has files of this name that the client did not install. It never replaces them. */
  state: z.enum(["pending", "issued", "failed", "foreign"]),
  /** Why the last attempt failed, as the authority reports it. */
  error: z.string().max(MAX_ERROR).optional(),
  /** Attempts that failed since the last one that succeeded. */
  failures: z.int().min(0).max(1_000_000),
  attemptedAt: instant.optional(),
  /** When the next attempt is allowed. */
  nextAt: instant.optional(),
  expiresAt: instant.optional(),
  /** Directory of the authority of the last attempt, and of the one that issued the installed certificate. */
  authority: z.string().max(200).optional(),
  issuedBy: z.string().max(200).optional(),
  /** The authority rejects the account. A new one is registered when the operator has removed it. */
  isAccountRejected: z.boolean().optional(),
});
export type Progress = z.infer<typeof Progress>;

const ProgressFile = z.strictObject({ version: z.literal(1), certificates: z.array(Progress).max(2 * MAX_WANTED) });

/** Returns the file's content. */
export function printProgress(certificates: readonly Progress[]): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, certificates }, undefined, 1)}\n`);
}

/** Reads the file. An error is no progress: a missing or damaged file never looks like issued certificates. */
export function readProgress(path: string): readonly Progress[] | "missing" | "damaged" {
  try {
    return ProgressFile.parse(JSON.parse(readRegular(path, MAX_BYTES).toString("utf8"))).certificates;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "missing" : "damaged";
  }
}
