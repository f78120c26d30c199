import { type Document, isCollection, isMap, isScalar } from "yaml";
import type { Note } from "./note.ts";

/** Columns of a comment. */
const WIDTH = 110;

/** Returns a note as one line for a terminal. */
export function sentence({ kind, text }: Note): string {
  return `${kind.toUpperCase()}: ${text}`;
}

/** Prints a configuration below a comment of these lines. */
export function printDocument(document: Document, lines: readonly string[]): string {
  document.commentBefore = comment(lines);
  printListsOnOneLine(document.contents);
  return document.toString({ lineWidth: 0 });
}

/** Wraps lines for a comment. The library adds the number signs. */
export function comment(lines: readonly string[]): string {
  return lines
    .flatMap((line) => line.match(new RegExp(`.{1,${WIDTH}}(?= |$)|\\S+`, "g")) ?? [])
    .map((line) => ` ${line.trim()}`)
    .join("\n");
}

function printListsOnOneLine(node: unknown): void {
  if (isMap(node)) for (const { value } of node.items) printListsOnOneLine(value);
  else if (isCollection(node) && node.items.every(isScalar)) node.flow = true;
  else if (isCollection(node)) for (const item of node.items) printListsOnOneLine(item);
}
