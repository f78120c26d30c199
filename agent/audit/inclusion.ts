import { HashRange } from "../../shared/merkle.ts";

/** Collects the inclusion proof of one leaf while the leaves of the tree pass in order, in constant memory. */
export class InclusionProof {
  /** The sibling subtrees of the leaf, from the bottom to the top. */
  readonly #siblings: readonly { readonly range: HashRange; readonly end: number }[];

  constructor(index: number, size: number) {
    this.#siblings = siblings(index, 0, size).map(([begin, end]) => ({ range: new HashRange(begin), end }));
  }

  /** Adds the hash of a subtree of 2^height leaves that begins at `index`. */
  push(index: number, hash: Buffer, height = 0): void {
    const sibling = this.#siblings.find(({ range, end }) => range.begin <= index && index < end);
    sibling?.range.push(hash, height);
  }

  /** Returns the hashes of RFC 6962. */
  hashes(): Buffer[] {
    return this.#siblings.map(({ range }) => range.root());
  }
}

/** Returns the leaves of each sibling subtree on the path from a leaf to the root of the leaves `begin` to `end`. */
function siblings(index: number, begin: number, end: number): [begin: number, end: number][] {
  if (end - begin === 1) return [];
  let half = 1;
  while (2 * half < end - begin) half *= 2;
  const middle = begin + half;
  return index < middle
    ? [...siblings(index, begin, middle), [middle, end]]
    : [...siblings(index, middle, end), [begin, middle]];
}
