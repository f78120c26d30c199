import { readBlocks, type Token } from "./blocks.ts";
import type { Tree } from "./tree.ts";

/** Parses a configuration of logrotate: a line is a statement, a leading `#` a comment, a brace at the end opens a block. */
export function readLogrotate(text: string): Tree {
  return readBlocks(text.split("\n").flatMap(tokensOf));
}

function tokensOf(line: string): Token[] {
  if (line.trim().startsWith("#")) return [];
  const words = line.match(/"(?:\\.|[^"\\])*"|'[^']*'|[^\s"']+/g) ?? [];
  if (words.join("") !== line.replace(/\s/g, "") && !/["']/.test(line)) throw new Error(`odd line: ${line}`);
  const tokens = words.map((text): Token => {
    if (text === "{") return { text, kind: "open" };
    return text === "}" ? { text, kind: "close" } : { text: text.replace(/^(["'])(.*)\1$/, "$2"), kind: "word" };
  });
  return tokens.some(({ kind }) => kind !== "word") ? tokens : [...tokens, { text: "\n", kind: "end" }];
}
