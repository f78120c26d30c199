import * as z from "zod";

/** Text with an optional `*` at its beginning, its end or both, which matches any text. */
export const Pattern = z
  .string()
  .regex(/^(?:\*|\*?[^*]+\*?)$/, "must be text, with an optional * only at its beginning, its end or both");

/** Returns whether the text matches. Case-sensitive. */
export function matchesPattern(pattern: string, text: string): boolean {
  const opens = pattern.startsWith("*");
  const closes = pattern.endsWith("*");
  const part = pattern.slice(opens ? 1 : 0, closes && pattern.length > 1 ? -1 : undefined);
  if (opens && closes) return text.includes(part);
  if (opens) return text.endsWith(part);
  return closes ? text.startsWith(part) : text === part;
}
