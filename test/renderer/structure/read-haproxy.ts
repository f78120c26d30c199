import type { Tree } from "./tree.ts";

/** Keywords that begin a section. */
const SECTIONS = /^(?:global|defaults|frontend|backend|listen|peers|resolvers|userlist|program|cache|http-errors)$/;

/** Parses a configuration of HAProxy: each line is a statement of the section before it. */
export function readHaproxy(text: string): Tree {
  const sections: { words: string[]; block: { words: string[] }[] }[] = [];
  for (const line of text.split("\n")) {
    const words = wordsOf(line);
    if (words.length === 0) continue;
    if (SECTIONS.test(words[0]!)) sections.push({ words, block: [] });
    else if (sections.length === 0) throw new Error(`${line} is outside of every section`);
    else sections.at(-1)!.block.push({ words });
  }
  return sections;
}

/** Follows section 2.2 of HAProxy's manual. An expression is distinguished from the same text as a value. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote === "'") [word, quote] = character === "'" ? [word, ""] : [word + character, quote];
    else if (character === "\\") word = `${word ?? ""}${line[++at] ?? ""}`;
    else if (quote === '"' && character === "$") word += "<variable>";
    else if (quote === '"') [word, quote] = character === '"' ? [word, ""] : [word + character, quote];
    else if (character === "#") break;
    else if (/[ \t\r]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') [word, quote] = [word ?? "", character];
    else word = `${word ?? ""}${character}`;
  }
  if (quote !== "") throw new Error(`a quote is not closed: ${line}`);
  if (word !== undefined) words.push(word);
  return words.map((one) => one.replaceAll("%[", "<expression>").replaceAll("%{", "<flags>"));
}
