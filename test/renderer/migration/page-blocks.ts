import { readFileSync } from "node:fs";

/** A fenced block of a page; `what` is the text after its language. */
export interface Block {
  readonly section: string;
  readonly language: string;
  readonly what: string;
  readonly text: string;
}

/** The fenced blocks of a page below docs/, in their order. */
export function blocksOf(file: string): Block[] {
  const page = readFileSync(file, "utf8");
  return page.split(/^## /m).flatMap((part) => {
    const section = part.split("\n")[0] ?? "";
    return [...part.matchAll(/^```(\w+)(?: ([^\n]*))?\n([\s\S]*?)^```$/gm)].map(
      ([, language = "", what = "", text = ""]) => ({ section, language, what, text }),
    );
  });
}

/** Rows of the tables below a heading, without the head. */
export function rowsOf(file: string, heading: string): string[][] {
  const part = readFileSync(file, "utf8")
    .split(/^## /m)
    .find((one) => one.startsWith(heading));
  const lines = (part ?? "").split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) => line.slice(2, -2).split(/ (?<!\\)\| /));
}
