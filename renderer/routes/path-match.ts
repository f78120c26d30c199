import { invalid, ok, type Parsed, parsePattern } from "./grammar.ts";

declare const pathText: unique symbol;

/** A URL path, or a regular expression for paths: safe between double quotes once quotes are escaped. */
export type PathText = string & { readonly [pathText]: true };

/** The modifier of nginx's `location`. */
export type PathKind = "" | "^~" | "=" | "~" | "~*";

/** Which requests of a host match, as in nginx's `location`. */
export interface PathMatch {
  readonly kind: PathKind;
  readonly text: PathText;
}

/** Longest path a container may request, in characters. */
const MAX_PATH = 256;

/** A decoded URL path, which is what nginx compares. A `%` would never match. */
const PATH = /^\/[A-Za-z0-9._~!&()*+,=:@/-]*$/;

export const ROOT: PathMatch = { kind: "", text: "/" as PathText };

/** Parses VIRTUAL_PATH: a path, optionally after a modifier of nginx's `location`. */
export function parsePath(raw: string, allowsPatterns: boolean): Parsed<PathMatch> {
  const [, kind = "", text = ""] = /^(=|\^~|~\*|~)?\s*(.*)$/s.exec(raw.trim()) ?? [];
  if (kind === "~" || kind === "~*") {
    const pattern = parsePattern(text, allowsPatterns);
    return pattern.kind === "ok" ? ok({ kind, text: pattern.value as PathText }) : pattern;
  }
  const path = parsePlainPath(text);
  return path.kind === "ok" ? ok({ kind: kind as PathKind, text: path.value }) : path;
}

/** Parses VIRTUAL_DEST, which replaces the path in requests to the app. */
export function parseDestination(raw: string): Parsed<PathText> {
  return parsePlainPath(raw.trim());
}

/** Identifies and sorts a path within its host. nginx treats `/x` and `^~ /x` as the same location. */
export function pathKey({ kind, text }: PathMatch): string {
  return kind === "" || kind === "^~" ? text : `${kind} ${text}`;
}

function parsePlainPath(text: string): Parsed<PathText> {
  if (!text.startsWith("/")) return invalid("a path must begin with /");
  if (text.length > MAX_PATH) return invalid(`longer than ${MAX_PATH} characters`);
  if (text.includes("%")) return invalid("contains %, but paths are compared decoded");
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(text))
    return invalid("contains a `.` or `..` segment, which nginx removes from requests");
  if (PATH.test(text)) return ok(text as PathText);
  return invalid("contains characters other than letters, digits and . _ ~ ! & ( ) * + , = : @ / -");
}
