import { Verbatim } from "../template/model.ts";

/** Directives or parts of one, of words that are each safe as they stand. */
export function words(...parts: readonly (string | number)[]): Verbatim {
  const text = parts.join(" ");
  // What comes here was read by a grammar. This is the last door, and it is for words only.
  if (!/^[A-Za-z0-9._:/*[\]=$@ -]*$/.test(text)) throw new Error("not words of a configuration");
  return new Verbatim(text);
}

/**
 * Text between double quotes, for places where nginx reads no variables: names of hosts, locations, files.
 * Between quotes only a backslash and a quote mean something to nginx.
 */
export function quoted(text: string): Verbatim {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new Error("not printable ASCII");
  return new Verbatim(/^[A-Za-z0-9._*/-]+$/.test(text) ? text : betweenQuotes(text));
}

/** The operator's own text with nginx's variables, between double quotes, which nothing in it can end. */
export function quotedWithVariables(text: string): Verbatim {
  if (!/^[\x20-\x7e\t]*$/.test(text)) throw new Error("not one line of printable ASCII");
  return new Verbatim(betweenQuotes(text));
}

function betweenQuotes(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
