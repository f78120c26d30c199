import type { Tree } from "./tree.ts";

/** Parses shell lines of words and quotes. Throws for every other special character. */
export function readShell(text: string): Tree {
  const lines: { words: string[] }[] = [];
  let words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw new Error("a quote is not closed");
      word = `${word ?? ""}${text.slice(at + 1, end)}`;
      at = end;
    } else if (character === "\\") word = `${word ?? ""}${text[++at] ?? ""}`;
    else if (/[ \t\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (character === "\n" && words.length > 0) [words] = [[], lines.push({ words })];
    } else if (/["$`;&|<>(){}*?[\]#~!\r]/.test(character)) throw new Error(`${character} has a meaning here`);
    else word = `${word ?? ""}${character}`;
  }
  return lines;
}
