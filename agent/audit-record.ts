import { createHash, createHmac } from "node:crypto";
import { asciiJson } from "../shared/log.ts";
import type { SealingKey } from "./audit-key.ts";

/** Recorded events: every use of the Docker socket, every disclosure, connections, start and stop. */
export type AuditEvent =
  | "start"
  | "stop"
  | "policy"
  | "disclosure"
  | `docker.${"request" | "denied" | "state"}`
  | `rpc.${"connect" | "close" | "violation" | "refused"}`
  | `audit.${"resume" | "seal" | "gap"}`;

/** Event-specific fields of a record. Contains disclosed names and counts, never values. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** Head of the hash chain: sequence number and hash of the last record. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Head before the first record; its hash is that record's `prev`. */
export const GENESIS: Head = { seq: 0, hash: "0".repeat(64) };

/** Ends the hashed part of a line. The last occurrence counts. */
const HASH_MARK = ',"hash":"';

/**
 * Returns one line without its line end: the record's JSON up to the mark, then its hash (SHA-256 over
 * the previous hash in hexadecimal and the bytes before the mark), then, with a key, the HMAC of that hash.
 */
export function sealRecord(body: AuditFields, prev: string, sealing?: SealingKey): { line: string; hash: string } {
  const hashed = asciiJson({ ...body, ...(sealing && { key: sealing.index }), prev }).slice(0, -1);
  const hash = hashOf(prev, hashed);
  const mac = sealing ? `,"mac":"${macOf(sealing.key, hash)}"` : "";
  return { line: `${hashed}${HASH_MARK}${hash}"${mac}}`, hash };
}

/** Parses a line and computes the hash of its bytes, verifying nothing. Returns undefined for an invalid record. */
export function readRecord(line: string) {
  const mark = line.lastIndexOf(HASH_MARK);
  if (mark < 0) return undefined;
  try {
    const body = JSON.parse(line) as Record<string, unknown>;
    const { seq, prev, hash, mac } = body;
    if (typeof seq !== "number" || typeof prev !== "string" || typeof hash !== "string") return undefined;
    return { body, seq, prev, hash, mac, computed: hashOf(prev, line.slice(0, mark)) };
  } catch {
    return undefined;
  }
}

export type ReadRecord = NonNullable<ReturnType<typeof readRecord>>;

/** Returns the HMAC that seals a record under the key of its index. */
export function macOf(key: Buffer, hash: string): string {
  return createHmac("sha256", key).update(hash).digest("hex");
}

function hashOf(prev: string, hashed: string): string {
  return createHash("sha256").update(prev).update(hashed).digest("hex");
}
