import { createHash, createHmac } from "node:crypto";
import { asciiJson } from "../shared/log.ts";
import type { SealingKey } from "./audit-key.ts";

/** What the trail records: every use of the Docker socket, every disclosure, who connected, life and death. */
export type AuditEvent =
  | "start"
  | "stop"
  | "policy"
  | "disclosure"
  | `docker.${"request" | "denied" | "state"}`
  | `rpc.${"connect" | "close" | "violation" | "refused"}`
  | `audit.${"resume" | "seal" | "gap"}`;

/** Members of a record that depend on its event. Names are disclosed ones or counted; values never. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** Place in the chain: sequence number and hash of the last record. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** `prev` of the very first record. */
export const GENESIS: Head = { seq: 0, hash: "0".repeat(64) };

/** What closes the hashed part of a line. Records are ASCII JSON made here, so it occurs once. */
const HASH_MARK = ',"hash":"';

/**
 * One line, without its end: the record's JSON up to the mark, then its hash (SHA-256 of the
 * previous hash in hexadecimal and of the bytes before the mark), then with a key the HMAC of that hash.
 */
export function sealRecord(body: AuditFields, prev: string, sealing?: SealingKey): { line: string; hash: string } {
  const hashed = asciiJson({ ...body, ...(sealing && { key: sealing.index }), prev }).slice(0, -1);
  const hash = hashOf(prev, hashed);
  const mac = sealing ? `,"mac":"${macOf(sealing.key, hash)}"` : "";
  return { line: `${hashed}${HASH_MARK}${hash}"${mac}}`, hash };
}

/** A line taken apart, with the hash that its bytes really have; undefined when it is no record. Nothing is verified. */
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

/** The seal of a record under the key of its index. */
export function macOf(key: Buffer, hash: string): string {
  return createHmac("sha256", key).update(hash).digest("hex");
}

function hashOf(prev: string, hashed: string): string {
  return createHash("sha256").update(prev).update(hashed).digest("hex");
}
