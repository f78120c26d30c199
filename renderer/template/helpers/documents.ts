import { createHash } from "node:crypto";
import { parse, stringify } from "yaml";
import type { HelperCall, Helpers } from "../helper-call.ts";
import { isRecord, namesOf, recordOf } from "../plain-record.ts";

/** Deepest nesting of a document, and most values in it. */
const MAX_DEPTH = 100;
const MAX_VALUES = 100_000;

/** JSON, YAML and other encodings. Fields are sorted by name, so that equal data has equal text. */
export const documents: Helpers = {
  "json VALUE": (call) => htmlSafe(jsonOf(call)),
  "toPrettyJson VALUE": (call) => htmlSafe(jsonOf(call, 2)),
  "parseJson TEXT": (call) => required(call, "JSON", (text) => JSON.parse(text) as unknown),
  "toYaml VALUE": (call) =>
    stringify(plain(call, call.value(0)), { indent: 4, aliasDuplicateObjects: false, lineWidth: 0 }),
  "fromYaml TEXT": (call) => read(call, fromYaml)?.value,
  "mustFromYaml TEXT": (call) => required(call, "YAML", fromYaml),
  "sha1 TEXT": (call) => sha1(call.text(0)),
  "queryEscape TEXT": (call) =>
    // Encoding as UTF-8 replaces unpaired surrogates, which encodeURIComponent rejects.
    encodeURIComponent(Buffer.from(call.text(0)).toString())
      .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll("%20", "+"),
};

function fromYaml(text: string): unknown {
  return parse(text, { schema: "core", strict: true, logLevel: "silent", maxAliasCount: 100, mapAsMap: false });
}

function required(call: HelperCall, language: string, parseText: (text: string) => unknown): unknown {
  const found = call.text(0) === "" ? { value: undefined } : read(call, parseText);
  if (found) return found.value;
  throw call.invalid(0, `${language} of at most ${MAX_VALUES} values and ${MAX_DEPTH} levels`);
}

function read(call: HelperCall, parseText: (text: string) => unknown): { readonly value: unknown } | undefined {
  const text = call.text(0);
  try {
    return { value: plain(call, parseText(text)) };
  } catch {
    return undefined;
  }
}

function htmlSafe(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function jsonOf(call: HelperCall, indent?: number): string {
  return JSON.stringify(plain(call, call.value(0)), undefined, indent);
}

/** Copies a value as plain data: without prototypes, with sorted names, with null for what JSON does not have. */
function plain(call: HelperCall, value: unknown): unknown {
  let count = 0;
  const copy = (part: unknown, depth: number): unknown => {
    if (++count > MAX_VALUES) throw call.error(`more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) throw call.error(`nested deeper than ${MAX_DEPTH}`);
    if (Array.isArray(part)) return part.map((item) => copy(item, depth + 1));
    if (isRecord(part)) return recordOf(namesOf(part).map((name) => [name, copy(part[name], depth + 1)]));
    const isPlain = typeof part === "string" || typeof part === "boolean" || Number.isFinite(part);
    return isPlain ? part : null;
  };
  return copy(value, 0);
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
