import { chmodSync, closeSync, constants, ftruncateSync, openSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { keyAt, readKey, replaceKey, type SealingKey } from "./audit-key.ts";
import { type AuditEvent, type AuditFields, GENESIS, type Head, readRecord, sealRecord } from "./audit-record.ts";

export interface AuditOptions {
  readonly directory: string;
  readonly keyFile: string | undefined;
  /** Size in bytes at which a file is sealed and the next one is started. */
  readonly maxBytes: number;
  /** Number of sealed files to keep; older ones are deleted. */
  readonly keep: number;
  readonly instance: string;
  /** Called for each failed write. The record is lost and counted. */
  readonly onFailure: (errno: string) => void;
}

/** Maximum delay before routine records are synced. Refusals, start and stop are synced immediately. */
const SYNC_MS = 1_000;

const CURRENT = "audit.jsonl";
const routine: ReadonlySet<AuditEvent> = new Set(["docker.request", "disclosure", "rpc.connect", "rpc.close"]);

/** Returns the files of a trail in the order they were written; the current one is last. */
export function trailFiles(directory: string): string[] {
  const all = readdirSync(directory);
  const sealed = all.filter((name) => /^audit-[0-9]{12}\.jsonl$/.test(name)).toSorted();
  return [...sealed, ...all.filter((name) => name === CURRENT)].map((name) => join(directory, name));
}

/** The only writer of the audit directory. Appends hash-chained records and never changes one. */
export class AuditTrail {
  readonly #options: AuditOptions;
  readonly #file: string;
  #fd = -1;
  #syncFd = -1;
  /** Sequence number of the current file's first record. */
  #firstSeq = 1;
  /** Size of the current file, and the lines that may not have reached the disk yet. */
  #bytes = 0;
  #unsynced: Buffer[] = [];
  #head: Head = GENESIS;
  #key: SealingKey | undefined;
  #missed = 0;
  #syncTimer: NodeJS.Timeout | undefined;

  /** Continues the trail in the directory. Throws if the files or the key cannot be used. */
  constructor(options: AuditOptions) {
    this.#options = options;
    this.#key = options.keyFile === undefined ? undefined : readKey(options.keyFile);
    this.#file = join(options.directory, CURRENT);
    this.#open();
    this.#resume();
  }

  get head(): Head {
    return this.#head;
  }

  /** False while records cannot be written. */
  get isWhole(): boolean {
    return this.#missed === 0;
  }

  /** Appends one record. `reason` is a code from the closed list in docs/reference/audit-trail.md. */
  append(event: AuditEvent, decision: "allow" | "deny" | "note", reason: string, fields: AuditFields = {}): void {
    const isWritten = this.#attempt(() => {
      if (this.#missed > 0) this.#write("audit.gap", "note", "audit.gap", { missed: this.#missed });
      this.#missed = 0;
      this.#write(event, decision, reason, fields);
      if (this.#bytes >= this.#options.maxBytes) this.#rotate();
    });
    if (!isWritten) this.#missed += 1;
  }

  /** Syncs all records and closes the files. */
  close(): void {
    this.#attempt(() => this.#sync());
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

  /** Opens the new file before closing the old one: a closed descriptor's number may be reused by another file. */
  #open(): void {
    const fd = openSync(this.#file, "a+", 0o640);
    const syncFd = openSync(this.#file, constants.O_WRONLY | constants.O_DSYNC);
    this.#close();
    [this.#fd, this.#syncFd] = [fd, syncFd];
  }

  #close(): void {
    for (const fd of [this.#fd, this.#syncFd]) if (fd >= 0) closeSync(fd);
  }

  #write(event: AuditEvent, decision: string, reason: string, fields: AuditFields): void {
    const seq = this.#head.seq + 1;
    const stamp = { v: 1, seq, ts: new Date().toISOString(), mono_ms: Math.round(performance.now()) };
    const body = { ...stamp, instance: this.#options.instance, event, decision, reason, ...fields };
    const { line, hash } = sealRecord(body, this.#head.hash, this.#key);
    this.#writeWhole(Buffer.from(`${line}\n`, "latin1"));
    this.#head = { seq, hash };
    if (this.#key) this.#key = keyAt(this.#key, this.#key.index + 1);
    if (routine.has(event)) this.#syncTimer ??= setTimeout(() => this.#attempt(() => this.#sync()), SYNC_MS).unref();
    else this.#sync();
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

  /**
   * Rewrites the unsynced bytes in place through an O_DSYNC descriptor, because Node's permission model
   * denies fsync.
   */
  #sync(): void {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const tail = Buffer.concat(this.#unsynced);
    this.#unsynced = [];
    writeSync(this.#syncFd, tail, 0, tail.length, this.#bytes - tail.length);
    if (this.#key && this.#options.keyFile !== undefined) replaceKey(this.#options.keyFile, this.#key);
  }

  /** Seals the current file under the sequence number of its first record, and starts the next file. */
  #rotate(): void {
    const { directory, keep } = this.#options;
    const name = `audit-${String(this.#firstSeq).padStart(12, "0")}.jsonl`;
    this.#write("audit.seal", "note", "ok", { file: name, count: this.#head.seq - this.#firstSeq + 2 });
    const sealed = join(directory, name);
    renameSync(this.#file, sealed);
    try {
      this.#open();
    } catch (error) {
      renameSync(sealed, this.#file);
      throw error;
    }
    chmodSync(sealed, 0o440);
    this.#bytes = 0;
    this.#firstSeq = this.#head.seq + 1;
    this.#write("audit.resume", "note", "ok", { clean: true, after: name });
    for (const old of trailFiles(directory).slice(0, -1 - keep)) rmSync(old, { force: true });
  }

  /** Continues from the end of the chain. A partial line left by a crash is removed and its size recorded. */
  #resume(): void {
    const sealed = trailFiles(this.#options.directory).at(-2);
    const text = readFileSync(this.#file, "latin1");
    this.#bytes = text.lastIndexOf("\n") + 1;
    const tornBytes = text.length - this.#bytes;
    if (tornBytes > 0) ftruncateSync(this.#fd, this.#bytes);
    const last =
      recordAt(text, -2) ?? (sealed === undefined ? undefined : recordAt(readFileSync(sealed, "latin1"), -2));
    if (last) this.#head = { seq: last.seq, hash: last.hash };
    this.#firstSeq = recordAt(text, 0)?.seq ?? this.#head.seq + 1;
    if (this.#key && last) this.#key = keyAt(this.#key, Number(last.body["key"]) + 1);
    const isClean = !last || last.body["event"] === "stop" || last.body["event"] === "audit.seal";
    this.append("audit.resume", "note", "ok", { clean: isClean && tornBytes === 0, torn_bytes: tornBytes });
  }
}

/** Parses the record on a line; -2 is the last line with a line end. */
function recordAt(text: string, line: number): ReturnType<typeof readRecord> {
  return readRecord(text.split("\n").at(line) ?? "");
}
