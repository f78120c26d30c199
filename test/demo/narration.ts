import { stripVTControlCharacters } from "node:util";

/** Prints a line for the reader. Foreign text in it cannot move their cursor. */
export function say(text: string): void {
  process.stdout.write(`${stripVTControlCharacters(text)}\n`);
}

/** The title of a step. */
export function step(title: string): void {
  say(`\n== ${title}`);
}

/** Lines of something else's, set apart from ours. */
export function quote(text: string): void {
  for (const line of text.trimEnd().split("\n")) say(`   | ${line}`);
}
