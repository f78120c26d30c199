import { DockerError } from "./docker-error.ts";

/** Begins every entry but the first. JSON escapes quotes in texts, so no name or label can contain these bytes. */
const NEXT = Buffer.from(',{"Id":"');

/** Maximum size of an entry. Of a larger one only the id and the name are read. */
const MAX_ENTRY_BYTES = 256 * 1024;

/** Bytes that contain id and name of an entry that is too large. */
const HEAD_BYTES = 1_024;

/**
 * Splits Docker's list of containers into its entries while it arrives, so that a container with enormous labels costs
 * neither memory nor the other containers.
 */
export class ListReader {
  readonly entries: unknown[] = [];
  readonly #read: (entry: unknown) => unknown;
  /** The current entry with the character before it; of one that is too large only its last bytes. */
  #held = Buffer.alloc(0);
  #part: object | undefined;

  /** `read` converts each entry as soon as it is complete. */
  constructor(read: (entry: unknown) => unknown) {
    this.#read = read;
  }

  push(chunk: Buffer): void {
    let from = Math.max(1, this.#held.length - NEXT.length);
    this.#held = Buffer.concat([this.#held, chunk]);
    for (let end; (end = this.#held.indexOf(NEXT, this.#part ? 0 : from)) >= 0; from = 1) {
      this.#add(this.#held.subarray(0, end));
      this.#held = this.#held.subarray(end);
    }
    if (this.#held.length <= MAX_ENTRY_BYTES) return;
    this.#part ??= partOf(this.#held.subarray(0, HEAD_BYTES));
    this.#held = this.#held.subarray(-NEXT.length);
  }

  /** Reads the last entry, and returns all of them. Throws when the list is incomplete. */
  end(): unknown[] {
    const last = this.#held.toString("latin1").trimEnd();
    if (!last.endsWith("]")) throw new DockerError("docker.schema");
    if (last !== "[]") this.#add(this.#held.subarray(0, last.length - 1));
    return this.entries;
  }

  #add(text: Buffer): void {
    this.entries.push(this.#read(this.#part ?? parse(text)));
    this.#part = undefined;
  }
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
function partOf(head: Buffer): object {
  const [, Id, name = ""] = /^[[,]\{"Id":"([0-9a-f]{64})"(?:,"Names":\["([^"\\]*)")?/.exec(head.toString("utf8")) ?? [];
  if (Id === undefined) throw new DockerError("docker.size");
  return { Id, Names: [name], Created: 0, isPart: true };
}
