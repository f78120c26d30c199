import { readBlocks, type Token } from "./blocks.ts";
import type { Tree } from "./tree.ts";

const SIGNS: Readonly<Record<string, Token["kind"]>> = { ";": "end", "{": "open", "}": "close" };

/** Parses a configuration of nginx as ngx_conf_read_token does. */
export function readNginx(text: string): Tree {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (/[ \t\r\n]/.test(character)) at += 1;
    else if (character === "#") at = endOfLine(text, at);
    else if (SIGNS[character] !== undefined) {
      tokens.push({ text: character, kind: SIGNS[character] });
      at += 1;
    } else {
      const word = character === '"' || character === "'" ? quoted(text, at) : bare(text, at);
      tokens.push({ text: word.text, kind: "word" });
      at = word.end;
    }
  }
  return readBlocks(tokens);
}

function quoted(text: string, start: number): { text: string; end: number } {
  let word = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === text[start]) {
      if (!/[\s;{)]/.test(text[at + 1] ?? " ")) throw new Error("text follows directly after quotes");
      return { text: word, end: at + 1 };
    }
    if (text[at] === "\\") at += 1;
    word += text[at];
  }
  throw new Error("a quote is not closed");
}

function bare(text: string, start: number): { text: string; end: number } {
  let at = start;
  while (at < text.length && !/[\s;]/.test(text[at]!) && !(text[at] === "{" && text[at - 1] !== "$")) {
    at += text[at] === "\\" ? 2 : 1;
  }
  return { text: text.slice(start, at), end: at };
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
