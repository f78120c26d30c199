import { isRecord } from "./plain-record.ts";

/** A helper was misused, or a check of the template failed. Names the helper, the argument and what was expected. */
export class HelperError extends Error {
  override readonly name = "HelperError";
}

/** Most characters of a value in a message. */
const MAX_SHOWN = 64;

/** The text for a message: at most `limit` characters of printable ASCII. */
export function shown(text: string, limit: number = MAX_SHOWN): string {
  const escaped = JSON.stringify(text.slice(0, limit))
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return text.length > limit || escaped.length > limit ? `${escaped.slice(0, limit - 3)}...` : escaped;
}

/** The kind of a value, and a scalar itself, for a message. */
export function described(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return `the text "${shown(value)}"`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  return isRecord(value) ? "a record" : `a ${typeof value}`;
}
