import { stripVTControlCharacters } from "node:util";

/** Prints a line, without the control sequences of terminals. */
export function say(text: string): void {
  process.stdout.write(`${stripVTControlCharacters(text)}\n`);
}

/** Prints the title of a step. */
export function step(title: string): void {
  say(`\n== ${title}`);
}

/** Prints the output of another program, indented. */
export function quote(text: string): void {
  for (const line of text.trimEnd().split("\n")) say(`   | ${line}`);
}
