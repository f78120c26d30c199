import { keyAt, readKey, type SealingKey } from "../audit-key.ts";
import { GENESIS, type Head, macOf, type ReadRecord } from "../audit-record.ts";
import { readTrail, unreadable } from "./read-trail.ts";

/** Exit codes: 0 complete, 1 tampered, 2 truncated at the start or end, 3 unreadable. */
export interface VerifyResult {
  readonly exitCode: 0 | 1 | 2 | 3;
  /** One sentence; contains file, line and sequence number of the first fault. */
  readonly message: string;
}

export interface VerifyOptions {
  readonly directory: string;
  /** The key as created by `audit keygen`, stored away from the agent. */
  readonly keyFile: string | undefined;
  /** A head from the agent's or a renderer's log, which the trail must contain. */
  readonly anchor: Head | undefined;
}

/** Verifies the whole trail offline by its bytes. */
export function verifyTrail({ directory, keyFile, anchor }: VerifyOptions): VerifyResult {
  try {
    const verifier = new Verifier(keyFile === undefined ? undefined : readKey(keyFile), anchor);
    for (const { at, number, record, isWhole } of readTrail(directory)) {
      if (!isWhole) return { exitCode: 2, message: `${at}: the last line is incomplete` };
      const expected = verifier.next;
      const fault = record ? verifier.check(record, number) : "the line is not a valid record";
      if (fault !== undefined) return { exitCode: 1, message: `${at}: record ${record?.seq ?? expected}: ${fault}` };
    }
    return verifier.conclude();
  } catch (error) {
    return { exitCode: 3, message: unreadable(directory, error) };
  }
}

class Verifier {
  readonly #anchor: Head | undefined;
  #key: SealingKey | undefined;
  #head: Head | undefined;
  #begin = 0;
  #wasSealed = false;
  #sawAnchor = false;

  constructor(key: SealingKey | undefined, anchor: Head | undefined) {
    this.#key = key;
    this.#anchor = anchor;
  }

  /** Sequence number that the next record must have. */
  get next(): number {
    return (this.#head?.seq ?? 0) + 1;
  }

  /** Checks the record on the given line of its file. Returns its fault, or undefined and makes it the head. */
  check(record: ReadRecord, line: number): string | undefined {
    const { seq, hash, prev, computed, body } = record;
    if (computed !== hash) return "its hash does not match its content";
    if (this.#head && seq !== this.next) return `its sequence number does not follow ${this.#head.seq}`;
    if (this.#head && prev !== this.#head.hash) return "its `prev` does not match the previous hash";
    if (!this.#head && seq === 1 && prev !== GENESIS.hash) return "its `prev` is not that of a first record";
    if (body["event"] === "audit.seal" && body["count"] !== line)
      return "its `count` does not match the number of records in the file";
    if (this.#anchor?.seq === seq) {
      if (this.#anchor.hash !== hash) return "its hash does not match the anchor; the trail was rewritten";
      this.#sawAnchor = true;
    }
    if (!this.#head) this.#begin = seq;
    this.#head = { seq, hash };
    return this.#key && this.#checkSeal(this.#key, record);
  }

  #checkSeal(known: SealingKey, { body, mac, hash }: ReadRecord): string | undefined {
    if (mac === undefined) return this.#wasSealed ? "its `mac` is missing" : undefined;
    const index = Number(body["key"]);
    if (!Number.isSafeInteger(index) || index < known.index) return "its key index does not increase";
    const { key } = keyAt(known, index);
    this.#wasSealed = true;
    this.#key = keyAt({ index, key }, index + 1);
    return macOf(key, hash) === mac ? undefined : "its `mac` is invalid";
  }

  conclude(): VerifyResult {
    const { seq, hash } = this.#head ?? GENESIS;
    if (this.#anchor && this.#anchor.seq > seq)
      return { exitCode: 2, message: `the trail ends at record ${seq}, before the anchor ${this.#anchor.seq}` };
    if (this.#begin > 1 && !this.#sawAnchor)
      return { exitCode: 2, message: `the trail starts at record ${this.#begin} and contains no anchor` };
    const anchored = this.#sawAnchor ? "contains the anchor" : "no anchor given, so a truncated end is not detected";
    return { exitCode: 0, message: `records ${this.#begin} to ${seq} are valid; head ${seq}:${hash}; ${anchored}` };
  }
}

/** Parses `SEQ:HASH`, as the log and `audit verify` print it. */
export function parseAnchor(text: string): Head | undefined {
  const [, seq, hash] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}
