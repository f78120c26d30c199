import { type Parsed, parsePattern } from "./grammar.ts";

declare const pathText: unique symbol;

/** A URL path, or the regular expression for some: safe between double quotes once quotes are escaped. */
export type PathText = string & { readonly [pathText]: true };

/** How a location compares: by beginning, by beginning before any expression, exactly, by expression, in any case. */
export type PathKind = "" | "^~" | "=" | "~" | "~*";

/** Which requests of a host are meant, as nginx's `location` says it. */
export interface PathMatch {
  readonly kind: PathKind;
  readonly text: PathText;
}

/** Longest path a container may claim. */
const MAX_PATH = 256;

/** Of a decoded URL path: what nginx compares. A `%` can never match, and a blank or a quote nobody needs. */
const PATH = /^\/[A-Za-z0-9._~!&()*+,=:@/-]*$/;

export const ROOT: PathMatch = { kind: "", text: "/" as PathText };

/** VIRTUAL_PATH: a path, maybe behind one of nginx's signs. Expressions only where the operator lets containers. */
export function parsePath(raw: string, allowsPatterns: boolean): Parsed<PathMatch> {
  const [, kind = "", text = ""] = /^(=|\^~|~\*|~)?\s*(.*)$/s.exec(raw.trim()) ?? [];
  if (kind === "~" || kind === "~*") {
    const pattern = parsePattern(text, allowsPatterns);
    return pattern.kind === "ok" ? { kind: "ok", value: { kind, text: pattern.value as PathText } } : pattern;
  }
  const why = pathFault(text);
  return why === undefined
    ? { kind: "ok", value: { kind: kind as PathKind, text: text as PathText } }
    : { kind: "refused", why };
}

/** VIRTUAL_DEST: what the beginning is replaced with on the way to the app. */
export function parseDestination(raw: string): Parsed<PathText> {
  const why = pathFault(raw.trim());
  return why === undefined ? { kind: "ok", value: raw.trim() as PathText } : { kind: "refused", why };
}

/** Where a path stands among those of its host, and what it is known by: nginx takes `/x` and `^~ /x` for the same. */
export function pathKey({ kind, text }: PathMatch): string {
  return kind === "" || kind === "^~" ? text : `${kind} ${text}`;
}

function pathFault(text: string): string | undefined {
  if (!text.startsWith("/")) return "a path begins with /";
  if (text.length > MAX_PATH) return `longer than ${MAX_PATH} characters`;
  if (text.includes("%")) return "has a %: paths are compared decoded";
  return PATH.test(text) ? undefined : "has other characters than letters, digits and . _ ~ ! & ( ) * + , = : @ / -";
}
