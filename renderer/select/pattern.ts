import * as z from "zod";

/** A whole text, or a part of one: a `*` at its beginning, its end, or both stands for anything. */
export const Pattern = z
  .string()
  .regex(/^(?:\*|\*?[^*]+\*?)$/, "must be a text, or a part of one with * at its beginning, its end or both");

/** Whether the text is what the pattern says. Case counts. */
export function matchesPattern(pattern: string, text: string): boolean {
  const opens = pattern.startsWith("*");
  const closes = pattern.endsWith("*");
  const part = pattern.slice(opens ? 1 : 0, closes && pattern.length > 1 ? -1 : undefined);
  if (opens && closes) return text.includes(part);
  if (opens) return text.endsWith(part);
  return closes ? text.startsWith(part) : text === part;
}
