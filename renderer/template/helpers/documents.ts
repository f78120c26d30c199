import { parse, stringify } from "yaml";
import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { isRecord, namesOf, recordOf } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Encoding");

/** Deepest nesting of a document, and most values in one. */
const MAX_DEPTH = 100;
const MAX_VALUES = 100_000;

const PORT = { value: { port: 80, host: "a<b" } };
const AS_JSON = '{"host":"a\\u003cb","port":80}';

/** JSON and YAML. Fields are printed in the order of their names, so that the same data is the same text. */
export const documents: readonly Helper[] = [
  define(
    "json VALUE",
    "VALUE as JSON on one line. <, > and & are escaped; what is missing is null.",
    { template: `{{json value}}`, data: PORT, prints: AS_JSON },
    (call) => htmlSafe(jsonOf(call)),
  ),
  define("toJson VALUE", "As `json`.", { template: `{{toJson value}}`, data: PORT, prints: AS_JSON }, (call) =>
    htmlSafe(jsonOf(call)),
  ),
  define(
    "toRawJson VALUE",
    "As `json`, and no character is escaped that JSON does not need escaped.",
    { template: `{{toRawJson value}}`, data: PORT, prints: '{"host":"a<b","port":80}' },
    (call) => jsonOf(call),
  ),
  define(
    "toPrettyJson VALUE",
    "As `json`, with a line for each field and element.",
    { template: `{{toPrettyJson (list 1)}}`, prints: "[\n  1\n]" },
    (call) => htmlSafe(jsonOf(call, 2)),
  ),
  define(
    "parseJson TEXT",
    `The value that a JSON text is, of at most ${MAX_VALUES} parts and ${MAX_DEPTH} levels. Fails when it is none; nothing for an empty text.`,
    { template: `{{get (parseJson text) "port"}}`, data: { text: '{"port":80}' }, prints: "80" },
    (call) => required(call, "JSON", fromJson),
  ),
  define(
    "fromJson TEXT",
    "As `parseJson`, but nothing when it is no JSON or larger.",
    { template: `{{default "none" (fromJson "{")}}`, prints: "none" },
    (call) => read(call, fromJson)?.value,
  ),
  define(
    "toYaml VALUE",
    "VALUE as YAML, each level four blanks in, with a line end.",
    { template: `{{toYaml value}}`, data: PORT, prints: "host: a<b\nport: 80\n" },
    (call) => stringify(plain(call, call.value(0)), { indent: 4, aliasDuplicateObjects: false, lineWidth: 0 }),
  ),
  define(
    "fromYaml TEXT",
    "The value that a YAML text is, with the limits of `parseJson`; nothing when it is none or larger. Only what JSON has: no dates, no binary.",
    { template: `{{get (fromYaml text) "port"}}`, data: { text: "port: 80" }, prints: "80" },
    (call) => read(call, fromYaml)?.value,
  ),
  define(
    "mustFromYaml TEXT",
    "As `fromYaml`, and fails when it is none.",
    { template: `{{get (mustFromYaml text) "port"}}`, data: { text: "port: 80" }, prints: "80" },
    (call) => required(call, "YAML", fromYaml),
  ),
];

function fromJson(text: string): unknown {
  return JSON.parse(text);
}

function fromYaml(text: string): unknown {
  return parse(text, { schema: "core", strict: true, logLevel: "silent", maxAliasCount: 100, mapAsMap: false });
}

function required(call: HelperCall, what: string, parseText: (text: string) => unknown): unknown {
  const found = call.text(0) === "" ? { value: undefined } : read(call, parseText);
  if (found === undefined) throw call.misuse(0, `${what} of at most ${MAX_VALUES} parts and ${MAX_DEPTH} levels`);
  return found.value;
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

/** A copy that is plain data: no prototypes, names in order, nothing that JSON does not have. */
function plain(call: HelperCall, value: unknown): unknown {
  let count = 0;
  const copy = (part: unknown, depth: number): unknown => {
    if (++count > MAX_VALUES) throw call.refusal(`more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) throw call.refusal(`nested deeper than ${MAX_DEPTH}`);
    if (Array.isArray(part)) return part.map((item) => copy(item, depth + 1));
    if (isRecord(part)) return recordOf(namesOf(part).map((name) => [name, copy(part[name], depth + 1)]));
    const isPlain = typeof part === "string" || typeof part === "boolean" || Number.isFinite(part);
    return isPlain ? part : null;
  };
  return copy(value, 0);
}
