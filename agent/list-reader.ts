import { DockerError } from "./docker-error.ts";

/** What begins an entry: of containers, or of services, tasks and nodes of a swarm. */
type Beginning = "Id" | "ID";

/** Bytes from which the beginning of an entry is recognized. */
const BEGINNING = 64;

/** Follows the id of every entry in a swarm, and of no object inside of one. */
const SWARM_ENTRY = /^[a-z0-9]{25}","Version":/;

/** Maximum size of an entry. Of a larger one only the id and the name are read. */
const MAX_ENTRY_BYTES = 256 * 1024;

/** Bytes that contain id and name of an entry that is too large. */
const HEAD_BYTES = 1_024;

/** Maximum size of all entries of a swarm that are kept, without those that are too large. */
const MAX_SWARM_BYTES = 64 * 1024 * 1024;

/**
 * Splits Docker's list of containers into its entries while it arrives, so that a container with enormous labels costs
 * neither memory nor the other containers.
 */
export class ListReader {
  readonly entries: unknown[] = [];
  readonly #read: (entry: unknown) => unknown;
  readonly #beginning: Beginning;
  /** The current entry with the character before it; of one that is too large only its last bytes. */
  #held = Buffer.alloc(0);
  #part: object | undefined;
  #bytes = 0;

  /** `read` converts each entry as soon as it is complete. */
  constructor(read: (entry: unknown) => unknown, beginning: Beginning = "Id") {
    [this.#read, this.#beginning] = [read, beginning];
  }

  push(chunk: Buffer): void {
    let from = Math.max(1, this.#held.length - BEGINNING);
    this.#held = Buffer.concat([this.#held, chunk]);
    for (let end; (end = this.#next(this.#part ? 0 : from)) >= 0; from = 1) {
      this.#add(this.#held.subarray(0, end));
      this.#held = this.#held.subarray(end);
    }
    if (this.#held.length <= MAX_ENTRY_BYTES) return;
    this.#part ??= partOf(this.#held.subarray(0, HEAD_BYTES), this.#beginning);
    this.#held = this.#held.subarray(-BEGINNING);
  }

  /** Returns where the next entry begins. JSON escapes quotes in texts, so no name or label can contain these bytes. */
  #next(from: number): number {
    const text = `,{"${this.#beginning}":"`;
    for (let at = from; (at = this.#held.indexOf(text, at)) >= 0; at += 1) {
      const id = at + text.length;
      if (this.#beginning === "Id" || SWARM_ENTRY.test(this.#held.toString("latin1", id, id + BEGINNING))) return at;
    }
    return -1;
  }

  /** Reads the last entry, and returns all of them. Throws when the list is incomplete. */
  end(): unknown[] {
    const last = this.#held.toString("latin1").trimEnd();
    if (!last.endsWith("]")) throw new DockerError("docker.schema");
    if (last !== "[]") this.#add(this.#held.subarray(0, last.length - 1));
    return this.entries;
  }

  #add(text: Buffer): void {
    if (!this.#part) this.#bytes += text.length;
    if (this.#beginning === "ID" && this.#bytes > MAX_SWARM_BYTES) throw new DockerError("docker.size");
    this.entries.push(this.#read(this.#part ?? parse(text)));
    this.#part = undefined;
  }
}

/** Whether only the id of an entry was read, because it is too large. */
export function isPart(entry: unknown): boolean {
  return Object.keys(Object(entry)).join() === "ID";
}

function parse(text: Buffer): unknown {
  if (text[0] !== 0x5b && text[0] !== 0x2c) throw new DockerError("docker.schema");
  try {
    return JSON.parse(text.toString("utf8", 1)) as unknown;
  } catch {
    throw new DockerError("docker.schema");
  }
}

/** Returns id and name of an entry that is too large. Throws when Docker's response does not begin with them. */
function partOf(head: Buffer, beginning: Beginning): object {
  if (beginning === "ID") {
    const [, ID] = /^[[,]\{"ID":"([a-z0-9]{25})"/.exec(head.toString("latin1")) ?? [];
    if (ID === undefined) throw new DockerError("docker.size");
    return { ID };
  }
  const [, Id, name = ""] = /^[[,]\{"Id":"([0-9a-f]{64})"(?:,"Names":\["([^"\\]*)")?/.exec(head.toString("utf8")) ?? [];
  if (Id === undefined) throw new DockerError("docker.size");
  return { Id, Names: [name], Created: 0, isPart: true };
}
