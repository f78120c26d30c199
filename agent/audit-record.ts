import { createHash, createHmac } from "node:crypto";
import { asciiJson } from "../shared/log.ts";

/** What the trail records: every use of the Docker socket, every disclosure, who connected, life and death. */
export type AuditEvent =
  | "start"
  | "stop"
  | "policy"
  | "docker.request"
  | "docker.denied"
  | "docker.state"
  | "disclosure"
  | "rpc.connect"
  | "rpc.close"
  | "rpc.violation"
  | "rpc.refused"
  | "audit.resume"
  | "audit.seal"
  | "audit.gap";

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
export function sealRecord(body: AuditFields, prev: string, key?: Buffer): { line: string; hash: string } {
  const hashed = asciiJson({ ...body, prev }).slice(0, -1);
  const hash = createHash("sha256").update(prev).update(hashed).digest("hex");
  const mac = key ? `,"mac":"${createHmac("sha256", key).update(hash).digest("hex")}"` : "";
  return { line: `${hashed}${HASH_MARK}${hash}"${mac}}`, hash };
}

/** A line taken apart; undefined when it is not a record at all. Nothing is verified yet. */
export interface ReadRecord {
  readonly body: AuditFields;
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
  readonly mac: string | undefined;
  /** The hash that the line's bytes really have. */
  readonly computed: string;
}

export function readRecord(line: string): ReadRecord | undefined {
  const mark = line.lastIndexOf(HASH_MARK);
  if (mark < 0) return undefined;
  try {
    const body = JSON.parse(line) as Record<string, unknown>;
    const { seq, prev, hash, mac } = body;
    if (typeof seq !== "number" || typeof prev !== "string" || typeof hash !== "string") return undefined;
    const computed = createHash("sha256").update(prev).update(line.slice(0, mark)).digest("hex");
    return { body, seq, prev, hash, mac: typeof mac === "string" ? mac : undefined, computed };
  } catch {
    return undefined;
  }
}

/** The key after this one. There is no way back: whoever takes the key cannot forge the past. */
export function evolveKey(key: Buffer): Buffer {
  return createHash("sha256").update(key).digest();
}
