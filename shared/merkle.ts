import { hash as digest } from "node:crypto";

const LEAF = Buffer.from([0]);

/** Input of `nodeHash`: a byte that marks nodes, and two hashes. */
const node = Buffer.alloc(65, 1);

/** Returns the hash of a leaf of an RFC 6962 tree. */
export function leafHash(record: Uint8Array): Buffer {
  return sha256(Buffer.concat([LEAF, record]));
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  node.set(left, 1);
  node.set(right, 33);
  return sha256(node);
}

function sha256(bytes: Uint8Array): Buffer {
  return digest("sha256", bytes, "buffer");
}

/**
 * The leaves `begin` to `end` (exclusive) of an RFC 6962 tree as the hashes of their largest complete subtrees, at most
 * two of each height. From leaf 0 it is the right edge of the tree, and determines the root.
 */
export class HashRange {
  readonly begin: number;
  #end: number;
  #nodes: { readonly height: number; readonly hash: Buffer }[] = [];

  constructor(begin = 0) {
    this.begin = begin;
    this.#end = begin;
  }

  /** Parses base64 hashes as `toJSON` returns them. Returns undefined unless their number fits the range. */
  static of(begin: number, end: number, hashes: readonly string[]): HashRange | undefined {
    const range = new HashRange(begin);
    for (const text of hashes) {
      const hash = Buffer.from(text, "base64");
      let height = 0;
      while (range.#end % 2 ** (height + 1) === 0 && range.#end + 2 ** (height + 1) <= end) height += 1;
      if (range.#end >= end || hash.length !== 32) return undefined;
      range.push(hash, height);
    }
    return range.#end === end ? range : undefined;
  }

  get end(): number {
    return this.#end;
  }

  /**
   * Appends a complete subtree of 2^height leaves, by default one leaf. `known` has the hashes of the subtrees that end
   * with it, by height; ranges to which the same subtree is appended can share them.
   */
  push(hash: Buffer, height = 0, known: Buffer[] = []): void {
    this.#end += 2 ** height;
    while (this.#nodes.at(-1)?.height === height && this.#end % 2 ** (height + 1) === 0) {
      const left = this.#nodes.pop()!;
      height += 1;
      hash = known[height] ??= nodeHash(left.hash, hash);
    }
    this.#nodes.push({ height, hash });
  }

  /** Appends the range that begins where this one ends. */
  extend(next: HashRange): void {
    for (const { hash, height } of next.#nodes) this.push(hash, height);
  }

  /** Returns the complete subtrees: index of the first leaf, height and hash. */
  subtrees(): { readonly index: number; readonly height: number; readonly hash: Buffer }[] {
    let next = this.begin;
    return this.#nodes.map(({ height, hash }) => {
      const index = next;
      next += 2 ** height;
      return { index, height, hash };
    });
  }

  /** Returns the hash of the whole range as one tree. */
  root(): Buffer {
    const hashes = this.#nodes.map(({ hash }) => hash);
    return hashes.length > 0 ? hashes.reduceRight((right, left) => nodeHash(left, right)) : sha256(Buffer.alloc(0));
  }

  toJSON(): string[] {
    return this.#nodes.map(({ hash }) => hash.toString("base64"));
  }
}

/** Size and root (base64) of a tree. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

/** Parses the text of a checkpoint (C2SP tlog-checkpoint), verifying no signature. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const [, origin, size, root] = /^([^\n]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n\n/.exec(note) ?? [];
  return origin === undefined || root === undefined ? undefined : { origin, size: Number(size), root };
}
