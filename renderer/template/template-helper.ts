import { isRecord } from "./plain-record.ts";

/** A pure function that a general template calls by name: plain data in, plain data out. */
export interface Helper {
  readonly name: string;
  readonly group: HelperGroup;
  /** How it is written, without braces: `where LIST PATH VALUE`. `[X]` may be left out, `X...` may stand more than once. */
  readonly usage: string;
  /** What it gives, and what of missing or odd data. */
  readonly says: string;
  readonly example: HelperExample;
  /**
   * Missing data is no fault and gives nothing or something empty. Throws HelperError for misuse, and nothing else.
   * Changes no argument; gives texts, finite numbers, truth, lists, and records without prototype.
   */
  readonly run: (args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;
}

/** Chapters of the reference. */
export type HelperGroup =
  | "Containers"
  | "Strings"
  | "Lists"
  | "Records"
  | "Logic"
  | "Numbers"
  | "Encoding"
  | "Regular expressions"
  | "Dates"
  | "Versions"
  | "Checks";

/** A template, what it is given, and what it prints: shown in the reference and run by a test. */
export interface HelperExample {
  readonly template: string;
  readonly data?: unknown;
  readonly prints: string;
}

/** A helper was misused, or a check that the template asks for failed. Names the helper, the argument, what was expected. */
export class HelperError extends Error {
  override readonly name = "HelperError";
}

/** Most characters of a value that stand in a message. */
const MAX_SHOWN = 64;

/** The text as a message shows it: at most so many characters, all of them printable ASCII. */
export function shown(text: string, limit: number = MAX_SHOWN): string {
  const escaped = JSON.stringify(text.slice(0, limit))
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return text.length > limit || escaped.length > limit ? `${escaped.slice(0, limit - 3)}...` : escaped;
}

/** What kind of value it is, and a text, number or truth itself, for a message. */
export function described(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return `the text "${shown(value)}"`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  return isRecord(value) ? "a record" : `a ${typeof value}`;
}
