import { Verbatim } from "../template/model.ts";

/** Joins parts of a directive that are each valid without quotes. Throws if one is not. */
export function tokens(...parts: readonly (string | number)[]): Verbatim {
  const text = parts.join(" ");
  // Every value was parsed by a grammar before. This is the last check.
  if (!/^[A-Za-z0-9._:/*[\]=$@ -]*$/.test(text)) throw new Error("not a list of configuration tokens");
  return new Verbatim(text);
}

/**
 * Quotes text for places in which nginx expands no variables: server names, locations, file names. Throws if it is not
 * printable ASCII. Between quotes nginx interprets only backslashes and quotes.
 */
export function quoted(text: string): Verbatim {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new Error("not printable ASCII");
  return new Verbatim(/^[A-Za-z0-9._*/-]+$/.test(text) ? text : inQuotes(text));
}

/** Quotes the operator's own text, in which nginx expands variables. Throws if it is not one line of ASCII. */
export function quotedWithVariables(text: string): Verbatim {
  if (!/^[\x20-\x7e\t]*$/.test(text)) throw new Error("not one line of printable ASCII");
  return new Verbatim(inQuotes(text));
}

/**
 * Returns the parameters of `return` for a status, a status with a text or an address, or an address. Quotes of the
 * operator around the text are removed. Throws if it is not one line of ASCII.
 */
export function returnParameters(raw: string): Verbatim {
  const [, status = "", rest = ""] = /^([0-9]{3}(?= |$))? ?(.*)$/s.exec(raw) ?? [];
  const [, , inside] = /^(["'])(.*)\1$/s.exec(rest.trim()) ?? [];
  const text = inside ?? rest.trim();
  return new Verbatim([status, ...(text === "" ? [] : [quotedWithVariables(text).text])].join(" ").trim());
}

function inQuotes(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
