import type { Tree } from "./tree.ts";

/** A token: a quoted or unquoted word, or a character that ends or encloses statements. */
export interface Token {
  readonly text: string;
  readonly kind: "word" | "end" | "open" | "close";
}

/** Parses tokens to statements with nested blocks. Throws if braces do not match. */
export function readBlocks(tokens: readonly Token[]): Tree {
  const root: Tree[] = [];
  const outer: { block: Tree[]; words: string[] }[] = [];
  let block = root;
  let words: string[] = [];
  for (const { text, kind } of tokens) {
    if (kind === "word") words.push(text);
    if (kind === "end") {
      if (words.length > 0) block.push({ words });
      words = [];
    }
    if (kind === "open") {
      outer.push({ block, words });
      [block, words] = [[], []];
    }
    if (kind === "close") {
      if (words.length > 0) block.push({ words });
      const above = outer.pop();
      if (above === undefined) throw new Error("a closing brace too many");
      above.block.push({ words: above.words, block });
      [block, words] = [above.block, []];
    }
  }
  if (outer.length > 0) throw new Error("a brace is not closed");
  if (words.length > 0) throw new Error(`a statement is not ended: ${words.join(" ")}`);
  return root;
}
