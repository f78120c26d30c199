import { readBlocks, type Token } from "./blocks.ts";
import type { Tree } from "./tree.ts";

/** Parses a Caddyfile: a line end ends a statement, a separate brace opens or closes a block. */
export function readCaddyfile(text: string): Tree {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === "\n") tokens.push({ text: "\n", kind: "end" });
    if (/\s/.test(character)) at += 1;
    else if (character === "#") at = Math.max(text.indexOf("\n", at), at + 1);
    else if (text.startsWith("\\\n", at)) at += 2;
    else {
      const word = character === '"' || character === "`" ? quoted(text, at) : bare(text, at);
      tokens.push(tokenOf(word.text, word.isQuoted));
      at = word.end;
    }
  }
  return readBlocks(tokens);
}

interface Word {
  readonly text: string;
  readonly end: number;
  readonly isQuoted: boolean;
}

/** Placeholders and names of snippets are special in quotes too. */
function tokenOf(text: string, isQuoted: boolean): Token {
  if (!isQuoted && text === "{") return { text, kind: "open" };
  if (!isQuoted && text === "}") return { text, kind: "close" };
  const meant = text.replace(/\{[^{}]+\}/g, "<placeholder>").replace(/^&?\(.*\)$/, "<snippet>");
  return { text: meant === "import" ? "<import>" : meant, kind: "word" };
}

function quoted(text: string, start: number): Word {
  let word = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === text[start]) return { text: word, end: at + 1, isQuoted: true };
    if (text[start] === '"' && text[at] === "\\" && text[at + 1] === '"') at += 1;
    word += text[at];
  }
  throw new Error("a quote is not closed");
}

function bare(text: string, start: number): Word {
  const rest = /^\S+/.exec(text.slice(start))![0];
  if (rest.startsWith("<<")) throw new Error("a heredoc begins");
  return { text: rest, end: start + rest.length, isQuoted: false };
}
