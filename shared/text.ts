/** Longest value of an environment variable or label that is disclosed, in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 4 * 1024;

/**
 * Characters that no disclosed text may hold: controls (C0 but tab and line feed, DEL, C1), line and
 * paragraph separators, bidi marks, the byte order mark, and U+FFFD, which is what bytes that were
 * not UTF-8 have become by the time a program sees them.
 */
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- naming control characters is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/;

/** Why a text may not be disclosed or believed; undefined when it may. */
export type TextFault = "value.length" | "value.charset";

/** The rule of both ends for any text that comes from a container. */
export function textFault(text: string, maxBytes: number = MAX_VALUE_BYTES): TextFault | undefined {
  if (Buffer.byteLength(text) > maxBytes) return "value.length";
  if (FORBIDDEN.test(text) || hasLoneSurrogate(text)) return "value.charset";
  return undefined;
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
