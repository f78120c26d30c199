import { createHmac } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { keyAt, readKey, type SealingKey } from "./audit-key.ts";
import { trailFiles } from "./audit.ts";
import { GENESIS, type Head, readRecord, type ReadRecord } from "./audit-record.ts";

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
export function verifyTrail(options: VerifyOptions): Verdict {
  try {
    const files = trailFiles(options.directory);
    if (files.length === 0) return { exitCode: 3, message: `no trail in ${options.directory}` };
    return new Verifier(options).run(files);
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    return { exitCode: 3, message: code === undefined ? message : `${path ?? options.directory}: ${code}` };
  }
}

class Verifier {
  readonly #anchor: Head | undefined;
  #key: SealingKey | undefined;
  #head: Head | undefined;
  #begin = 0;
  #wasSealed = false;
  #sawAnchor = false;

  constructor({ keyFile, anchor }: VerifyOptions) {
    this.#key = keyFile === undefined ? undefined : readKey(keyFile);
    this.#anchor = anchor;
  }

  run(files: readonly string[]): Verdict {
    for (const file of files) {
      let number = 0;
      for (const { text, isWhole } of fileLines(file)) {
        number += 1;
        const record = isWhole ? readRecord(text) : undefined;
        if (!isWhole) return this.#cut(`${file}:${number}: the last line is not complete`);
        const fault = record ? this.#check(record) : "not a record";
        if (fault !== undefined) {
          const seq = record?.seq ?? (this.#head?.seq ?? 0) + 1;
          return { exitCode: 1, message: `${file}:${number}: record ${seq}: ${fault}` };
        }
      }
    }
    return this.#conclude();
  }

  /** What is wrong with a record that follows the head, or undefined after making it the head. */
  #check(record: ReadRecord): string | undefined {
    const { seq, hash, prev, computed } = record;
    if (computed !== hash) return "its text does not have its hash";
    if (this.#head && seq !== this.#head.seq + 1) return `it follows record ${this.#head.seq}`;
    if (this.#head && prev !== this.#head.hash) return "it does not continue the chain";
    if (!this.#head && seq === 1 && prev !== GENESIS.hash) return "it claims to be the first and is not";
    if (this.#anchor?.seq === seq) {
      if (this.#anchor.hash !== hash) return "the anchor has another hash: the trail was written anew";
      this.#sawAnchor = true;
    }
    const fault = this.#checkSeal(record);
    if (!this.#head) this.#begin = seq;
    this.#head = { seq, hash };
    return fault;
  }

  #checkSeal({ body, mac, hash }: ReadRecord): string | undefined {
    if (!this.#key) return undefined;
    if (mac === undefined) return this.#wasSealed ? "its seal is missing" : undefined;
    const index = Number(body["key"]);
    if (!Number.isSafeInteger(index) || index < this.#key.index) return "its key is not a later one";
    const key = keyAt(this.#key, index);
    this.#wasSealed = true;
    this.#key = { index: index + 1, key: keyAt({ index, key }, index + 1) };
    return createHmac("sha256", key).update(hash).digest("hex") === mac ? undefined : "its seal is wrong";
  }

  #conclude(): Verdict {
    const { seq, hash } = this.#head ?? GENESIS;
    if (this.#anchor && this.#anchor.seq > seq)
      return this.#cut(`ends at record ${seq}, the anchor is ${this.#anchor.seq}`);
    if (this.#begin > 1 && !this.#sawAnchor)
      return this.#cut(`begins at record ${this.#begin} and no anchor vouches for it`);
    const witness = this.#sawAnchor ? "anchored" : "not compared with an anchor, which alone shows a cut end";
    return { exitCode: 0, message: `records ${this.#begin} to ${seq} are whole; head ${seq}:${hash}; ${witness}` };
  }

  #cut(message: string): Verdict {
    return { exitCode: 2, message };
  }
}

/** Lines of a file with whether each has its end; read in pieces, for a trail may be larger than memory. */
export function* fileLines(file: string): Generator<{ text: string; isWhole: boolean }> {
  const descriptor = openSync(file, "r");
  const piece = Buffer.alloc(1024 * 1024);
  let rest = "";
  try {
    for (let read = readSync(descriptor, piece); read > 0; read = readSync(descriptor, piece)) {
      const texts = (rest + piece.toString("latin1", 0, read)).split("\n");
      rest = texts.pop() ?? "";
      for (const text of texts) yield { text, isWhole: true };
    }
    if (rest !== "") yield { text: rest, isWhole: false };
  } finally {
    closeSync(descriptor);
  }
}

/** `SEQ:HASH` as the log and the verdict print it. */
export function parseAnchor(text: string): Head | undefined {
  const [, seq, hash] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}
