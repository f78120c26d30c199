import { keyAt, readKey, type SealingKey } from "../audit-key.ts";
import { GENESIS, type Head, macOf, type ReadRecord } from "../audit-record.ts";
import { readTrail, unreadable } from "./read-trail.ts";

/** 0 whole, 1 tampered with, 2 cut off or without a beginning, 3 could not be read. */
export interface Verdict {
  readonly exitCode: 0 | 1 | 2 | 3;
  /** One sentence; names file, line and sequence number of the first fault. */
  readonly message: string;
}

export interface VerifyOptions {
  readonly directory: string;
  /** The key as `audit keygen` made it, kept away from the agent. */
  readonly keyFile: string | undefined;
  /** A head printed to the log or told to a renderer: what the trail must still contain. */
  readonly anchor: Head | undefined;
}

/** Reads the whole trail offline, by its bytes; believes nothing it says of itself. */
export function verifyTrail({ directory, keyFile, anchor }: VerifyOptions): Verdict {
  try {
    const verifier = new Verifier(keyFile === undefined ? undefined : readKey(keyFile), anchor);
    for (const { at, number, record, isWhole } of readTrail(directory)) {
      if (!isWhole) return { exitCode: 2, message: `${at}: the last line is not complete` };
      const expected = verifier.next;
      const fault = record ? verifier.check(record, number) : "not a record";
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

  /** The sequence number that a next record must have. */
  get next(): number {
    return (this.#head?.seq ?? 0) + 1;
  }

  /** What is wrong with the record on that line of its file, or undefined after making it the head. */
  check(record: ReadRecord, line: number): string | undefined {
    const { seq, hash, prev, computed, body } = record;
    if (computed !== hash) return "its text does not have its hash";
    if (this.#head && seq !== this.next) return `it follows record ${this.#head.seq}`;
    if (this.#head && prev !== this.#head.hash) return "it does not continue the chain";
    if (!this.#head && seq === 1 && prev !== GENESIS.hash) return "it claims to be the first and is not";
    if (body["event"] === "audit.seal" && body["count"] !== line) return "its file had another number of records";
    if (this.#anchor?.seq === seq) {
      if (this.#anchor.hash !== hash) return "the anchor has another hash: the trail was written anew";
      this.#sawAnchor = true;
    }
    if (!this.#head) this.#begin = seq;
    this.#head = { seq, hash };
    return this.#key && this.#checkSeal(this.#key, record);
  }

  #checkSeal(known: SealingKey, { body, mac, hash }: ReadRecord): string | undefined {
    if (mac === undefined) return this.#wasSealed ? "its seal is missing" : undefined;
    const index = Number(body["key"]);
    if (!Number.isSafeInteger(index) || index < known.index) return "its key is not a later one";
    const { key } = keyAt(known, index);
    this.#wasSealed = true;
    this.#key = keyAt({ index, key }, index + 1);
    return macOf(key, hash) === mac ? undefined : "its seal is wrong";
  }

  conclude(): Verdict {
    const { seq, hash } = this.#head ?? GENESIS;
    if (this.#anchor && this.#anchor.seq > seq)
      return { exitCode: 2, message: `ends at record ${seq}, the anchor is ${this.#anchor.seq}` };
    if (this.#begin > 1 && !this.#sawAnchor)
      return { exitCode: 2, message: `begins at record ${this.#begin} and no anchor vouches for it` };
    const witness = this.#sawAnchor ? "anchored" : "not compared with an anchor, which alone shows a cut end";
    return { exitCode: 0, message: `records ${this.#begin} to ${seq} are whole; head ${seq}:${hash}; ${witness}` };
  }
}

/** `SEQ:HASH` as the log and the verdict print it. */
export function parseAnchor(text: string): Head | undefined {
  const [, seq, hash] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}
