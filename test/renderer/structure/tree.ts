/** What a program reads: a statement of words, with a block or without; lists of them; documents. */
export type Tree = string | number | boolean | null | readonly Tree[] | { readonly [key: string]: Tree };

/** The same tree with its texts changed; keys of records are texts too. */
export function withTexts(tree: Tree, change: (text: string) => string): Tree {
  if (typeof tree === "string") return change(tree);
  if (typeof tree !== "object" || tree === null) return tree;
  if (isList(tree)) return tree.map((part) => withTexts(part, change));
  return Object.fromEntries(Object.entries(tree).map(([key, part]) => [change(key), withTexts(part, change)]));
}

/** The same tree with its lists in one order; words of a statement keep theirs. */
export function sorted(tree: Tree): Tree {
  if (typeof tree !== "object" || tree === null) return tree;
  if (!isList(tree)) {
    const entries = Object.entries(tree).map(([key, part]) => [key, sorted(part)] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (tree.every((part) => typeof part === "string")) return tree;
  const parts = tree.map((part) => ({ part: sorted(part), key: JSON.stringify(sorted(part)) }));
  return parts.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ part }) => part);
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}
