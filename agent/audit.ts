import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, constants, fstatSync, ftruncateSync, openSync } from "node:fs";
import { readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { setImmediate as yieldToEvents } from "node:timers/promises";
import { asciiJson } from "../shared/log.ts";
import { HashRange, leafHash, parseCheckpoint } from "../shared/merkle.ts";
import { firstSeqOf, MAX_RECORD_BYTES, readLines, readSmall, trailFile, trailFiles } from "./audit-files.ts";
import {
  type AuditEvent,
  type AuditFields,
  fileHeader,
  type FileHeader,
  isCheckpointOf,
  readRecord,
} from "./audit-record.ts";
import type { SigningKey } from "./audit-key.ts";

export interface AuditOptions {
  readonly directory: string;
  readonly key: SigningKey;
  /** Name of the log in its checkpoints. */
  readonly origin: string;
  /** Size in bytes at which a file is sealed and the next one is started. */
  readonly maxBytes: number;
  /** Number of sealed files to keep; older ones are deleted. */
  readonly keep: number;
  /** Milliseconds for which more sealed files than `keep` are kept, up to MAX_KEPT times as many. */
  readonly keepMs: number;
  readonly instance: string;
  /** Called for each failed write. The record is lost and counted. */
  readonly onFailure: (errno: string) => void;
  /** Called when bytes that the agent did not write, or could not read, were moved to a file of their own. */
  readonly onDamage: (path: string, bytes: number) => void;
}

/** A signed checkpoint, with hashes that prove that the tree extends that of `since` records. */
export interface CheckpointProof {
  readonly since: number;
  readonly size: number;
  readonly checkpoint: string;
  readonly hashes: readonly string[];
}

/** A record without its sequence number. */
type Entry = Readonly<{ event: AuditEvent; ts: string; mono_ms: number; decision: string; reason: string }> &
  AuditFields;

function entry(event: AuditEvent, decision: "allow" | "deny" | "note", reason: string, fields: AuditFields): Entry {
  return { event, ts: new Date().toISOString(), mono_ms: Math.round(performance.now()), decision, reason, ...fields };
}

/** A checkpoint that the trail's key signed. */
type SignedTree = Readonly<{ size: number; checkpoint: string }>;

const MOVE_AWAY = "move all files of the directory away to start a new trail";

/** Maximum delay before routine records are synced. Refusals, start and stop are synced immediately. */
const SAVE_MS = 1_000;

/** Young files are kept up to this multiple of the number to keep. */
const MAX_KEPT = 10;

/** Flags that create a file, and sync each write to it. */
const NEW_SYNCED = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

/** Lines read from disk for a proof before other events are handled. */
const LINES_AT_ONCE = 500;

/** Maximum number of requests to Docker that wait to be written, for as long as routine records are synced. */
const MAX_QUEUED = 100;

const routine: ReadonlySet<AuditEvent> = new Set(["docker.request", "disclosure", "rpc.connect", "rpc.close"]);

/**
 * The only writer of the audit directory, which must be locked. Appends records, the leaves of an RFC 6962 tree, and
 * never changes one. `checkpoint` has the signed tree, and `resume` its right edge.
 */
export class AuditTrail {
  readonly #options: AuditOptions;
  readonly #listeners = new Set<() => void>();
  #fd = -1;
  #syncFd = -1;
  #file = "";
  /** Size of the current file, and the lines that may not have reached the disk yet. */
  #bytes = 0;
  #unsynced: Buffer[] = [];
  /** All records, those of the current file, and those since the last announced checkpoint. */
  #tree = new HashRange();
  #fileRange = new HashRange();
  #newRange = new HashRange();
  #announced: CheckpointProof & { readonly edge: readonly string[] };
  /** Sequence number of the first record that was not pruned. */
  #oldest = 1;
  #missed = 0;
  #isSigned = true;
  #saveTimer: NodeJS.Timeout | undefined;
  #queue: Entry[] = [];

  /** Continues the trail in the directory. Throws if its files cannot be used. */
  constructor(options: AuditOptions) {
    this.#options = options;
    const found = this.#resume();
    this.#newRange = new HashRange(this.#tree.end);
    this.#announced = this.#sign();
    this.append("audit.resume", "note", "ok", found);
    this.#attempt(() => this.#announce(() => this.#writeCheckpoint()));
  }

  /** False while records cannot be written or signed. */
  get isWhole(): boolean {
    return this.#missed === 0 && this.#isSigned;
  }

  /**
   * Appends one record, before the caller acts on it. Requests to Docker are written together, but before any later record.
   * `reason` is a code from the list in docs/reference/audit-trail.md. Returns false if the record could not be written.
   */
  append(event: AuditEvent, decision: "allow" | "deny" | "note", reason: string, fields: AuditFields = {}): boolean {
    this.#queue.push(entry(event, decision, reason, fields));
    if (event !== "docker.request" || this.#queue.length >= MAX_QUEUED) return this.#flush();
    this.#saveLater();
    return true;
  }

  #flush(): boolean {
    const queue = this.#queue.splice(0);
    if (queue.length === 0) return true;
    const isWritten = this.#attempt(() => {
      this.#checkFile();
      if (this.#missed > 0) this.#write(entry("audit.gap", "note", "audit.gap", { missed: this.#missed }));
      this.#missed = 0;
      this.#write(...queue);
    });
    if (!isWritten) this.#missed += queue.length;
    else if (this.#bytes >= this.#options.maxBytes) this.#attempt(() => this.#rotate());
    return isWritten;
  }

  /** Signs the tree and publishes the checkpoint in the trail, in the directory and to the listeners, if there are new records. */
  announce(): void {
    this.#flush();
    if (this.#tree.end <= this.#announced.size + 1) return;
    this.#attempt(() => this.#announce(() => this.#writeCheckpoint()));
  }

  /** The last published checkpoint. */
  get checkpoint(): string {
    return this.#announced.checkpoint;
  }

  /** Calls the listener after each published checkpoint, until the returned function is called. */
  onCheckpoint(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Returns the last published checkpoint with a proof that it extends a tree of `since` records. If the records
   * needed were pruned or cannot be read, or there are fewer, the proof is for an empty tree.
   */
  async prove(since: number): Promise<CheckpointProof> {
    const { edge, ...announced } = this.#announced;
    const { size, checkpoint } = announced;
    if (since === announced.since) return announced;
    if (since === size) return { since, size, checkpoint, hashes: [] };
    const range = since > 0 && since < size ? await this.#readRange(since, size).catch(() => undefined) : undefined;
    return range ? { since, size, checkpoint, hashes: range.toJSON() } : { since: 0, size, checkpoint, hashes: edge };
  }

  /** Returns the hashes of the records `since` to `size` (exclusive), or undefined if some were pruned. */
  async #readRange(since: number, size: number): Promise<HashRange | undefined> {
    const range = new HashRange(since);
    const files = trailFiles(this.#options.directory);
    const start = files.findLastIndex((file) => firstSeqOf(file) <= since + 1);
    for (const [index, file] of files.entries()) {
      if (start < 0 || index < start) continue;
      const next = index > start ? files[index + 1] : undefined;
      const sealed = next === undefined ? undefined : rangeBefore(next);
      if (sealed) range.extend(sealed);
      else await addRecords(range, file, size);
    }
    return range.end === size ? range : undefined;
  }

  /** Syncs all records, signs them and closes the files. */
  close(): void {
    this.#attempt(() => this.#save());
    this.#close();
  }

  #attempt(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      this.#options.onFailure((error as NodeJS.ErrnoException).code ?? "unknown");
      return false;
    }
  }

  /** Writes records in one write. */
  #write(...entries: Entry[]): void {
    if (this.#bytes === 0 && entries[0]?.event !== "audit.file") this.#writeHeader();
    let seq = this.#tree.end;
    const lines = entries.map(({ event, ts, mono_ms, ...fields }) => {
      const record = { v: 2, seq: ++seq, event, ts, mono_ms, instance: this.#options.instance, ...fields };
      return Buffer.from(`${asciiJson(record)}\n`, "latin1");
    });
    if (lines.some(({ length }) => length > MAX_RECORD_BYTES)) throw new Error("a record is too long");
    this.#writeWhole(Buffer.concat(lines));
    for (const [index, { event }] of entries.entries()) this.#add(event, lines[index]!.subarray(0, -1));
    if (!entries.every(({ event }) => routine.has(event))) this.#sync();
    this.#saveLater();
  }

  #saveLater(): void {
    this.#saveTimer ??= setTimeout(() => this.#attempt(() => this.#save()), SAVE_MS).unref();
  }

  /** Adds a record to the tree. */
  #add(event: string, line: Buffer): void {
    const [leaf, known]: [Buffer, Buffer[]] = [leafHash(line), []];
    if (event === "audit.file") this.#fileRange = new HashRange(this.#tree.end);
    for (const range of [this.#tree, this.#fileRange, this.#newRange]) range.push(leaf, 0, known);
  }

  /** Writes all bytes or none: a disk that fills up midway leaves no partial line. */
  #writeWhole(line: Buffer): void {
    try {
      let written = 0;
      while (written < line.length) written += writeSync(this.#fd, line, written);
    } catch (error) {
      ftruncateSync(this.#fd, this.#bytes);
      throw error;
    }
    this.#bytes += line.length;
    this.#unsynced.push(line);
  }

  /** Rewrites the unsynced bytes in place through an O_DSYNC descriptor: Node's permission model denies fsync. */
  #sync(): void {
    const tail = Buffer.concat(this.#unsynced);
    writeSync(this.#syncFd, tail, 0, tail.length, this.#bytes - tail.length);
    this.#unsynced = [];
  }

  /** Syncs the records, then replaces `resume` and `checkpoint`, which describe them. */
  #save(): void {
    this.#flush();
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    this.#isSigned = false;
    this.#sync();
    this.#replace("resume", `${JSON.stringify(this.#tree)}\n`);
    this.#replace("checkpoint", this.#signed(this.#tree));
    this.#isSigned = true;
  }

  #replace(name: string, text: string): void {
    const path = join(this.#options.directory, name);
    // Only a new file is neither a link nor a FIFO, on which the agent would wait.
    rmSync(`${path}.new`, { force: true });
    const fd = openSync(`${path}.new`, NEW_SYNCED, 0o640);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(`${path}.new`, path);
  }

  /** Signs the tree. The proof is for the last announced checkpoint. */
  #sign(): CheckpointProof & { readonly edge: readonly string[] } {
    const size = this.#tree.end;
    const [since, hashes, edge] = [this.#newRange.begin, this.#newRange.toJSON(), this.#tree.toJSON()];
    return { since, size, checkpoint: this.#signed(this.#tree), hashes, edge };
  }

  #signed(tree: HashRange): string {
    return this.#note(tree.end, tree.root().toString("base64"));
  }

  #note(size: number, root: string): string {
    return this.#options.key.sign(`${this.#options.origin}\n${size}\n${root}\n`);
  }

  /** Signs the tree, calls `write`, which puts the checkpoint into the trail, and publishes it. */
  #announce(write: () => void): void {
    const announced = this.#sign();
    this.#newRange = new HashRange(announced.size);
    write();
    this.#announced = announced;
    this.#save();
    for (const listener of this.#listeners) listener();
  }

  #writeCheckpoint(): void {
    this.#write(entry("audit.checkpoint", "note", "ok", { checkpoint: this.#signed(this.#tree) }));
  }

  /** Seals the current file and starts the next one. */
  #rotate(): void {
    const { directory, keep, keepMs } = this.#options;
    const [sealed, files] = [this.#file, trailFiles(directory)];
    const since = Date.now() - keepMs;
    const isOld = (file: string, index: number): boolean =>
      files.length - index > MAX_KEPT * keep || (files.length - index > keep && statSync(file).mtimeMs <= since);
    const pruned = files.slice(0, files.filter(isOld).length);
    if (pruned.length > 0) this.#oldest = firstSeqOf(files[pruned.length] ?? sealed);
    this.#sync();
    this.#announce(() => {
      this.#startFile();
      this.#writeHeader();
    });
    chmodSync(sealed, 0o440);
    for (const old of pruned) rmSync(old, { force: true });
  }

  /** Opens the file before closing the current one: a closed descriptor's number may be reused by another file. */
  #startFile(): void {
    this.#open(trailFile(this.#options.directory, this.#tree.end + 1), "ax+", 0);
  }

  #open(file: string, flags: string, bytes: number): void {
    const fd = openSync(file, flags, 0o640);
    const syncFd = openSync(file, constants.O_WRONLY | constants.O_DSYNC);
    this.#close();
    [this.#fd, this.#syncFd, this.#file, this.#bytes, this.#unsynced] = [fd, syncFd, file, bytes, []];
  }

  #close(): void {
    for (const fd of [this.#fd, this.#syncFd]) if (fd >= 0) closeSync(fd);
  }

  /** Writes the first record of a file: the tree before it, and the hashes of the file before it. */
  #writeHeader(): void {
    const [edge, from, range] = [this.#tree, this.#fileRange.begin, this.#fileRange];
    const checkpoint = edge.end > 0 ? this.#signed(edge) : undefined;
    this.#write(entry("audit.file", "note", "ok", { first: this.#oldest, edge, from, range, checkpoint }));
  }

  /** Moves away bytes that another process appended to the file; replaces a file that was truncated or deleted. */
  #checkFile(): void {
    const { size, nlink } = fstatSync(this.#fd);
    if (size === this.#bytes && nlink > 0) return;
    const [file, from] = [basename(this.#file), nlink > 0 ? this.#bytes : 0];
    const missing = Math.max(0, this.#bytes - size);
    const damage = size > from ? this.#keepDamaged(this.#fd, from) : {};
    if (missing > 0 || nlink === 0) this.#startFile();
    const lost = missing > 0 && { missing_bytes: missing };
    this.#write(entry("audit.damaged", "note", "audit.damaged", { file, ...damage, ...lost }));
  }

  /** Moves the bytes from an offset to a file of their own. */
  #keepDamaged(fd: number, from: number): { damaged: string; damaged_bytes: number } {
    const name = `damaged-${String(this.#tree.end + 1).padStart(15, "0")}-${randomBytes(4).toString("hex")}`;
    const path = join(this.#options.directory, name);
    const copy = openSync(path, NEW_SYNCED, 0o640);
    const chunk = Buffer.alloc(MAX_RECORD_BYTES);
    let offset = from;
    for (let read; (read = readSync(fd, chunk, 0, chunk.length, offset)) > 0; offset += read)
      writeSync(copy, chunk, 0, read);
    closeSync(copy);
    ftruncateSync(fd, from);
    this.#options.onDamage(path, offset - from);
    return { damaged: name, damaged_bytes: offset - from };
  }

  /**
   * Continues after the last record that a checkpoint proves, in the directory or in the trail. What follows may be forged,
   * so it is not signed, but moved to a file of its own. Returns the fields of the `audit.resume` record.
   */
  #resume(): AuditFields {
    const files = trailFiles(this.#options.directory);
    const signed = this.#readSigned();
    const { last, bytes, isStopped } = this.#restore(files, signed ? [signed] : []);
    const isMissing = signed !== undefined && signed.size > this.#tree.end;
    if (isMissing) this.#restoreEdge(signed);
    const damage: AuditFields[] = [];
    for (const file of files.filter((file) => file >= last).toReversed()) {
      this.#open(file, "a+", file === last ? bytes : 0);
      if (fstatSync(this.#fd).size > this.#bytes)
        damage.push({ file: basename(file), ...this.#keepDamaged(this.#fd, this.#bytes) });
      if (this.#bytes === 0) rmSync(file);
    }
    if (isMissing || this.#fd < 0 || fstatSync(this.#fd).nlink === 0) this.#startFile();
    const isClean = isStopped && !isMissing && damage.length === 0;
    return { clean: isClean, ...(damage.length > 0 && { damage }), missing: isMissing };
  }

  /** Returns the checkpoint in the directory, if there is one. Throws if another key signed it. */
  #readSigned(): SignedTree | undefined {
    const checkpoint = readSmall(join(this.#options.directory, "checkpoint"));
    const parsed = checkpoint === undefined ? undefined : parseCheckpoint(checkpoint);
    if (checkpoint === undefined || !parsed) return undefined;
    if (this.#note(parsed.size, parsed.root) === checkpoint) return { ...parsed, checkpoint };
    throw new Error(`"checkpoint" was signed with another key or altered; use the key of this trail, or ${MOVE_AWAY}`);
  }

  /** Restores the tree of a checkpoint whose records are missing from `resume`. Throws unless they match. */
  #restoreEdge({ size, checkpoint }: SignedTree): void {
    const edge = readSmall(join(this.#options.directory, "resume")) ?? "";
    const tree = HashRange.of(0, size, edge.match(/[A-Za-z0-9+/]{43}=/g) ?? []);
    if (!tree || !isCheckpointOf(tree, checkpoint))
      throw new Error(
        `signed records are missing: ${size} were signed, the files prove ${this.#tree.end}; ${MOVE_AWAY}`,
      );
    [this.#tree, this.#fileRange] = [tree, new HashRange(size)];
  }

  /** Restores the tree up to the last record that one of the checkpoints, or one in the trail, proves. Returns its position. */
  #restore(files: readonly string[], proofs: SignedTree[]): { last: string; bytes: number; isStopped: boolean } {
    let last = "";
    for (const file of files.toReversed()) {
      const header = headerOf(file);
      if (!header || (header.checkpoint !== undefined && this.#signed(header.tree) !== header.checkpoint)) continue;
      [this.#tree, this.#oldest, last] = [header.tree, header.first, file];
      const { bytes, isStopped } = this.#replay(file, proofs);
      if (bytes > 0) return { last, bytes, isStopped };
      // The header itself is not proven, but its checkpoint proves the file before it.
      if (header.checkpoint !== undefined) proofs.push({ size: header.tree.end, checkpoint: header.checkpoint });
    }
    if (last === "" && files.length > 1)
      throw new Error(`no file starts with a tree that this key signed; ${MOVE_AWAY}`);
    this.#oldest = 1;
    return { last, bytes: 0, isStopped: files.length === 0 };
  }

  /** Adds the records of a file to the tree up to the last proven one. Returns its end, and whether the agent stopped there. */
  #replay(file: string, proofs: readonly SignedTree[]): { bytes: number; isStopped: boolean } {
    const range = new HashRange(this.#tree.end);
    let isStopped = false;
    const stateAt = (bytes: number) => ({ bytes, isStopped, end: range.end, hashes: range.toJSON() });
    let [proven, begin] = [stateAt(0), 0];
    for (const { bytes, end, fault } of readLines(file)) {
      const record = fault === undefined ? readRecord(bytes) : undefined;
      if (record?.seq !== range.end + 1) break;
      const { event, checkpoint } = record;
      if (event === "audit.checkpoint" && checkpoint === this.#signed(this.#treeWith(range))) proven = stateAt(begin);
      range.push(leafHash(bytes));
      isStopped = event === "stop" || (isStopped && event === "audit.checkpoint");
      begin = end;
      const proof = proofs.find(({ size }) => size === range.end);
      if (proof) proven = stateAt(end);
      if (proof && !isCheckpointOf(this.#treeWith(range), proof.checkpoint))
        throw new Error(`the records up to ${range.end} are not those that were signed; ${MOVE_AWAY}`);
    }
    this.#fileRange = HashRange.of(range.begin, proven.end, proven.hashes)!;
    this.#tree = this.#treeWith(this.#fileRange);
    return proven;
  }

  /** Returns the tree with the records that follow it. */
  #treeWith(range: HashRange): HashRange {
    const tree = HashRange.of(0, this.#tree.end, this.#tree.toJSON())!;
    tree.extend(range);
    return tree;
  }
}

/** Adds the hashes of the records of a file that follow the range, up to `size`. */
async function addRecords(range: HashRange, file: string, size: number): Promise<void> {
  let index = firstSeqOf(file) - 1;
  for (const { bytes, fault } of readLines(file)) {
    if (index === range.end && index < size && fault === undefined) range.push(leafHash(bytes));
    if (++index % LINES_AT_ONCE === 0) await yieldToEvents();
  }
}

/** Returns the tree before a file, from its first record. */
function headerOf(file: string): FileHeader | undefined {
  const [line] = readLines(file);
  return line && fileHeader(readRecord(line.bytes));
}

/** Returns the hashes of the file before the given one, from its first record. */
function rangeBefore(file: string): HashRange | undefined {
  const [line] = readLines(file);
  const { seq, from, range } = (line && readRecord(line.bytes)) ?? { seq: 0 };
  return Array.isArray(range) ? HashRange.of(Number(from), seq - 1, range.map(String)) : undefined;
}
