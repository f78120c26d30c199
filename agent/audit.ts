import { chmodSync, closeSync, constants, ftruncateSync, openSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { keyAt, readKey, replaceKey, type SealingKey } from "./audit-key.ts";
import {
  type AuditEvent,
  type AuditFields,
  evolveKey,
  GENESIS,
  type Head,
  readRecord,
  sealRecord,
} from "./audit-record.ts";

export interface AuditOptions {
  readonly directory: string;
  readonly keyFile: string | undefined;
  /** Size at which a file is sealed and the next begun, in bytes. */
  readonly maxBytes: number;
  /** Sealed files kept; older ones are deleted. */
  readonly keep: number;
  readonly instance: string;
  /** Called once when writing fails (again); the record that failed is lost and counted. */
  readonly onFailure: (errno: string) => void;
}

/** Records that may wait for the disk at most this long; refusals and life and death do not wait. */
const SYNC_MS = 1_000;

const CURRENT = "audit.jsonl";
const waits: ReadonlySet<AuditEvent> = new Set(["docker.request", "disclosure", "rpc.connect", "rpc.close"]);

/** The files of a trail in the order they were written; the current one is last. */
export function trailFiles(directory: string): string[] {
  const sealed = readdirSync(directory).filter((name) => /^audit-[0-9]{12}\.jsonl$/.test(name));
  const hasCurrent = readdirSync(directory).includes(CURRENT);
  return [...sealed.toSorted(), ...(hasCurrent ? [CURRENT] : [])].map((name) => join(directory, name));
}

/** The only writer of the audit directory: appends hash-chained records, never changes one. */
export class AuditTrail {
  readonly #options: AuditOptions;
  #fd = -1;
  #syncFd = -1;
  #bytes = 0;
  #unsynced: Buffer[] = [];
  #firstSeq = 1;
  #head: Head = GENESIS;
  #key: SealingKey | undefined;
  #missed = 0;
  #syncTimer: NodeJS.Timeout | undefined;

  /** Continues the trail in the directory. Throws when that cannot be done. */
  constructor(options: AuditOptions) {
    this.#options = options;
    this.#key = options.keyFile === undefined ? undefined : readKey(options.keyFile);
    const file = join(options.directory, CURRENT);
    this.#open(file);
    const { keyIndex, ...resumed } = this.#resume(readFileSync(file, "utf8"));
    if (this.#key && keyIndex >= this.#key.index) {
      this.#key = { index: keyIndex + 1, key: keyAt(this.#key, keyIndex + 1) };
    }
    this.append("audit.resume", "note", "ok", resumed);
  }

  get head(): Head {
    return this.#head;
  }

  /** False while records are being lost. */
  get isWhole(): boolean {
    return this.#missed === 0;
  }

  /** Appends one record. `reason` is a code of a closed list (docs/security.md). */
  append(event: AuditEvent, decision: "allow" | "deny" | "note", reason: string, fields: AuditFields = {}): void {
    try {
      if (this.#missed > 0) this.#write("audit.gap", "note", "audit.gap", { missed: this.#missed });
      this.#missed = 0;
      this.#write(event, decision, reason, fields);
      if (this.#bytes >= this.#options.maxBytes) this.#rotate();
    } catch (error) {
      this.#missed += 1;
      this.#options.onFailure((error as NodeJS.ErrnoException).code ?? "unknown");
    }
  }

  /** Everything on disk. */
  close(): void {
    this.#syncLater();
    this.#close();
  }

  #open(file: string): void {
    this.#fd = openSync(file, "a+", 0o640);
    this.#syncFd = openSync(file, constants.O_WRONLY | constants.O_DSYNC);
  }

  #close(): void {
    closeSync(this.#fd);
    closeSync(this.#syncFd);
  }

  #write(event: AuditEvent, decision: string, reason: string, fields: AuditFields): void {
    const key = this.#key;
    const seq = this.#head.seq + 1;
    const stamp = { v: 1, seq, ts: new Date().toISOString(), mono_ms: Math.round(performance.now()) };
    const body = { ...stamp, instance: this.#options.instance, event, decision, reason, ...fields };
    const { line, hash } = sealRecord(key ? { ...body, key: key.index } : body, this.#head.hash, key?.key);
    this.#writeWhole(Buffer.from(`${line}\n`, "latin1"));
    this.#head = { seq, hash };
    if (key) this.#key = { index: key.index + 1, key: evolveKey(key.key) };
    if (waits.has(event)) this.#syncTimer ??= setTimeout(() => this.#syncLater(), SYNC_MS).unref();
    else this.#sync();
  }

  /** All bytes or none: a disk that fills up in the middle leaves no half line. */
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

  #syncLater(): void {
    try {
      this.#sync();
    } catch (error) {
      this.#options.onFailure((error as NodeJS.ErrnoException).code ?? "unknown");
    }
  }

  /**
   * Writes the same bytes once more where they are, through a descriptor that waits for the disk:
   * Node's permission model has no fsync.
   */
  #sync(): void {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const tail = Buffer.concat(this.#unsynced);
    this.#unsynced = [];
    writeSync(this.#syncFd, tail, 0, tail.length, this.#bytes - tail.length);
    if (this.#key && this.#options.keyFile !== undefined) replaceKey(this.#options.keyFile, this.#key);
  }

  /** Seals the current file under the number of its first record and begins the next. */
  #rotate(): void {
    const { directory, keep } = this.#options;
    const sealedName = `audit-${String(this.#firstSeq).padStart(12, "0")}.jsonl`;
    this.#write("audit.seal", "note", "ok", { file: sealedName, count: this.#head.seq - this.#firstSeq + 2 });
    this.#sync();
    const [current, sealed] = [join(directory, CURRENT), join(directory, sealedName)];
    chmodSync(current, 0o440);
    renameSync(current, sealed);
    this.#close();
    this.#open(current);
    this.#bytes = 0;
    this.#firstSeq = this.#head.seq + 1;
    this.#write("audit.resume", "note", "ok", { clean: true, after: sealedName });
    const old = trailFiles(directory).slice(0, -1 - keep);
    for (const file of old) rmSync(file, { force: true });
  }

  /** Finds the end of the chain; a half line of a crash is cut off and counted. */
  #resume(text: string): { clean: boolean; torn_bytes: number; keyIndex: number } {
    const end = text.lastIndexOf("\n") + 1;
    const tornBytes = Buffer.byteLength(text.slice(end));
    this.#bytes = Buffer.byteLength(text) - tornBytes;
    if (tornBytes > 0) ftruncateSync(this.#fd, this.#bytes);
    const lines = text.slice(0, end).split("\n");
    const first = readRecord(lines[0] ?? "");
    const last = readRecord(lines.at(-2) ?? "") ?? this.#lastSealed();
    if (last) this.#head = { seq: last.seq, hash: last.hash };
    this.#firstSeq = first?.seq ?? this.#head.seq + 1;
    const isClean = !last || last.body["event"] === "stop" || last.body["event"] === "audit.seal";
    return { clean: isClean && tornBytes === 0, torn_bytes: tornBytes, keyIndex: Number(last?.body["key"] ?? -1) };
  }

  #lastSealed(): ReturnType<typeof readRecord> {
    const sealed = trailFiles(this.#options.directory).at(-2);
    return sealed === undefined ? undefined : readRecord(readFileSync(sealed, "utf8").split("\n").at(-2) ?? "");
  }
}
