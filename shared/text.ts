/** Maximum size of a disclosed value of an environment variable or label, in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 16 * 1024;

/**
 * Characters that no disclosed text may contain: controls (C0 except tab and line feed, DEL, C1), line and
 * paragraph separators, bidirectional marks, the byte order mark, and U+FFFD, which replaces invalid UTF-8.
 */
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- the rule is about control characters
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/;

/** Why a text is invalid: it is too long, or it contains forbidden characters. */
export type TextFault = "value.length" | "value.charset";

/** Checks a text from a container; agent and renderer apply the same rule. Returns undefined when it is valid. */
export function textFault(text: string, maxBytes: number = MAX_VALUE_BYTES): TextFault | undefined {
  if (Buffer.byteLength(text) > maxBytes) return "value.length";
  if (FORBIDDEN.test(text) || hasLoneSurrogate(text)) return "value.charset";
  return undefined;
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
