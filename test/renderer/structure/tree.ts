/** Parsed content of a file: statements of words with optional blocks, lists, or documents. */
export type Tree = string | number | boolean | null | readonly Tree[] | { readonly [key: string]: Tree };

/** Returns the tree with changed texts, keys included. */
export function withTexts(tree: Tree, change: (text: string) => string): Tree {
  if (typeof tree === "string") return change(tree);
  if (typeof tree !== "object" || tree === null) return tree;
  if (isList(tree)) return tree.map((part) => withTexts(part, change));
  return Object.fromEntries(Object.entries(tree).map(([key, part]) => [change(key), withTexts(part, change)]));
}

/** Returns the tree with sorted lists; words of a statement keep their order. */
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
