import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { quoted } from "../../shared/log.ts";
import { type Checkpoint, HashRange, leafHash } from "../../shared/merkle.ts";
import { readLines, readSmall, trailFiles } from "../audit-files.ts";
import { type FileHeader, fileHeader, readRecord } from "../audit-record.ts";
import type { PublicKey } from "./public-key.ts";

/** The trail was altered. */
export class Tampered extends Error {}

/** Receives what a reader reads. Indexes are those of leaves, from 0. */
export interface Receiver {
  /** Called at most once, before the first record: the tree of the records that were pruned. */
  readonly onPruned?: (tree: HashRange) => void;
  /** Called for each record. The bytes are valid during the call. */
  readonly onRecord?: (index: number, bytes: Buffer, hash: Buffer) => void;
}

/** Reads a trail once, in constant memory, and compares it with every checkpoint in it. */
export class TrailReader {
  readonly #directory: string;
  readonly #key: PublicKey;
  readonly #receiver: Receiver;
  #tree = new HashRange();
  #file = "";
  #offset = 0;
  #line = 0;
  /** First record of the trail, and the first one that was not pruned. */
  #begin = 1;
  #unpruned = 1;
  readonly #missing: string[] = [];
  /** The last restart that found records without a signature, and the number of such restarts. */
  #unsigned = { at: "", restarts: 0 };

  /** Throws if the directory contains no trail. */
  constructor(directory: string, key: PublicKey, receiver: Receiver = {}) {
    [this.#directory, this.#key, this.#receiver] = [directory, key, receiver];
    if (trailFiles(directory).length === 0 && !existsSync(join(directory, "checkpoint")))
      throw new Error(`${quoted(directory)} contains no audit trail`);
  }

  /** The tree of the records read so far. */
  get tree(): HashRange {
    return this.#tree;
  }

  /** Sequence number of the first record. */
  get begin(): number {
    return this.#begin;
  }

  /** What is missing of the trail, in the order found. */
  get missing(): readonly string[] {
    const pruned = this.#begin > this.#unpruned ? [`records ${this.#unpruned} to ${this.#begin - 1} are missing`] : [];
    return [...pruned, ...this.#missing];
  }

  /** What restarts of the agent moved out of the trail because it was not signed. */
  get unsigned(): readonly string[] {
    const { at, restarts } = this.#unsigned;
    return restarts > 0
      ? [`restarts that moved unsigned bytes to "damaged-…" files: ${restarts}, the last one at ${at}`]
      : [];
  }

  /** Returns the checkpoint of the directory and its text. Throws if the key did not sign it. */
  readCheckpoint(): (Checkpoint & { readonly note: string }) | undefined {
    const note = readSmall(join(this.#directory, "checkpoint"));
    if (note === undefined) return undefined;
    const checkpoint = this.#key.open(note);
    if (!checkpoint) throw new Tampered(`"checkpoint" is not signed by the key of ${this.#key.name}, or was altered`);
    return { ...checkpoint, note };
  }

  /**
   * Reads on until the tree has the checkpoint's size, or to the end. Returns true if there are more records.
   * Throws Tampered at the first record that does not match.
   */
  advance(checkpoint: Checkpoint | undefined, isLimited = true): boolean {
    this.#compare(checkpoint);
    for (const file of trailFiles(this.#directory).filter((file) => file >= this.#file)) {
      if (file !== this.#file) [this.#file, this.#offset, this.#line] = [file, 0, 0];
      for (const { bytes, end, fault } of readLines(file, this.#offset)) {
        if (isLimited && checkpoint && this.#tree.end >= checkpoint.size) return true;
        const at = `${file}:${this.#line + 1}: record ${this.#tree.end + 1}`;
        if (fault === "is incomplete") {
          this.#missing.push(`${at} ${fault}`);
          break;
        }
        this.#add(at, bytes, fault, checkpoint);
        this.#offset = end;
        this.#line += 1;
      }
    }
    return false;
  }

  /** Notes what the checkpoint covers and the trail does not have, or the reverse, and returns the size of the trail. */
  conclude(checkpoint: Checkpoint | undefined): number {
    const { end } = this.#tree;
    if (!checkpoint) this.#missing.push('"checkpoint" is missing');
    else if (checkpoint.size > end)
      this.#missing.push(`records ${end + 1} to ${checkpoint.size} were signed and are missing`);
    else if (checkpoint.size < end) this.#missing.push(`records ${checkpoint.size + 1} to ${end} are not signed`);
    return end;
  }

  #add(at: string, bytes: Buffer, fault: string | undefined, checkpoint: Checkpoint | undefined): void {
    const record = fault === undefined ? readRecord(bytes) : undefined;
    if (!record) throw new Tampered(`${at} ${fault ?? "is not a record"}`);
    if (this.#line === 0) this.#start(at, fileHeader(record), checkpoint);
    if (record.seq !== this.#tree.end + 1) throw new Tampered(`${at} has sequence number ${record.seq}`);
    if (record["event"] === "audit.checkpoint") this.#verify(at, record["checkpoint"]);
    if (record["event"] === "audit.resume" && record["damage"] !== undefined)
      this.#unsigned = { at, restarts: this.#unsigned.restarts + 1 };
    const hash = leafHash(bytes);
    this.#receiver.onRecord?.(this.#tree.end, bytes, hash);
    this.#tree.push(hash);
    this.#compare(checkpoint);
  }

  /** Compares the tree before a file with the records read, or continues from it if records before it are missing. */
  #start(at: string, header: FileHeader | undefined, checkpoint: Checkpoint | undefined): void {
    if (!header) throw new Tampered(`${at} does not contain the tree before its file`);
    const [end, next] = [this.#tree.end, header.tree.end];
    if (next > end) {
      if (end === 0) {
        this.#begin = next + 1;
        this.#receiver.onPruned?.(header.tree);
      } else this.#missing.push(`records ${end + 1} to ${next}, before ${basename(this.#file)}, are missing`);
      this.#tree = header.tree;
      this.#compare(checkpoint);
    }
    this.#unpruned = header.first;
    if (next > 0) this.#verify(at, header.checkpoint);
  }

  /** Compares the tree so far with a checkpoint in the trail. */
  #verify(at: string, note: unknown): void {
    const checkpoint = typeof note === "string" ? this.#key.open(note) : undefined;
    if (!checkpoint) throw new Tampered(`${at} contains a checkpoint that the key of ${this.#key.name} did not sign`);
    if (checkpoint.size !== this.#tree.end || checkpoint.root !== this.#tree.root().toString("base64"))
      throw new Tampered(`${at} contains a checkpoint that does not match the records before it`);
  }

  /** Compares the tree with the checkpoint when it has its size. */
  #compare(checkpoint: Checkpoint | undefined): void {
    if (checkpoint?.size === this.#tree.end && checkpoint.root !== this.#tree.root().toString("base64"))
      throw new Tampered(`the records ${this.#begin} to ${checkpoint.size} do not match the signed checkpoint`);
  }
}
