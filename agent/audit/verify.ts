import { setTimeout as sleep } from "node:timers/promises";
import { quoted } from "../../shared/log.ts";
import type { PublicKey } from "./public-key.ts";
import { Tampered, TrailReader } from "./trail-reader.ts";

/** Exit codes: 0 intact, 1 tampered, 2 incomplete, 3 unreadable. */
export interface Verification {
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly message: string;
}

/** Milliseconds that a running agent may take to sign new records. */
const SIGNED_WITHIN_MS = 3_000;
const POLL_MS = 100;

/** Verifies a trail, also while the agent writes it and prunes its oldest file. */
export async function verifyTrail(
  directory: string,
  key: PublicKey,
  settleMs = SIGNED_WITHIN_MS,
  attempts = 3,
): Promise<Verification> {
  try {
    const reader = new TrailReader(directory, key);
    const size = await readSigned(reader, settleMs);
    const missing = [...reader.missing, ...reader.unsigned];
    if (missing.length > 0) return { exitCode: 2, message: missing.join("; ") };
    return { exitCode: 0, message: `records ${reader.begin} to ${size} are intact, signed by ${key.name}` };
  } catch (error) {
    const isPruned = (error as NodeJS.ErrnoException).code === "ENOENT" && attempts > 1;
    if (isPruned) return await verifyTrail(directory, key, settleMs, attempts - 1);
    const { failure: message, exitCode } = failure(directory, error);
    return { exitCode, message };
  }
}

/** Reads up to the newest checkpoint and returns its size. What is missing or not signed is in `reader.missing`. */
async function readSigned(reader: TrailReader, settleMs: number): Promise<number> {
  let signed = reader.readCheckpoint();
  let hasMore = reader.advance(signed);
  // A running agent signs its newest records within a second.
  for (let waited = 0; hasMore && waited < settleMs; waited += POLL_MS) {
    await sleep(POLL_MS);
    const newer = reader.readCheckpoint();
    if (!newer || newer.note === signed?.note) continue;
    signed = newer;
    if (newer.size > reader.tree.end) reader.advance(newer);
    hasMore = false;
  }
  if (hasMore) reader.advance(signed, false);
  return reader.conclude(signed);
}

/** Returns the result for an error. */
export function failure(directory: string, error: unknown): { readonly failure: string; readonly exitCode: 1 | 3 } {
  const { code, path, message } = error as NodeJS.ErrnoException;
  const remedy = "the user of this command must be able to read it";
  const text = code === undefined ? message : `${quoted(path ?? directory)}: ${code}; ${remedy}`;
  return { failure: text, exitCode: error instanceof Tampered ? 1 : 3 };
}
