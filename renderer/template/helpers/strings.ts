import { posix } from "node:path";
import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import type { Helper } from "../template-helper.ts";
import { formatted } from "./printf.ts";

const define = helpersOf("Strings");

/** Texts. A number or boolean counts as it is printed, a missing value as "". */
export const strings: readonly Helper[] = [
  define("toLower TEXT", "TEXT in lower case.", { template: `{{toLower "Web"}}`, output: "web" }, (call) =>
    call.text(0).toLowerCase(),
  ),
  define("toUpper TEXT", "TEXT in upper case.", { template: `{{toUpper "Web"}}`, output: "WEB" }, (call) =>
    call.text(0).toUpperCase(),
  ),
  define(
    "trim TEXT",
    "TEXT without white space at both ends.",
    { template: `[{{trim "  a b "}}]`, output: "[a b]" },
    (call) => call.text(0).trim(),
  ),
  define(
    "trimPrefix PREFIX TEXT",
    "TEXT without PREFIX at its beginning.",
    { template: `{{trimPrefix "v" "v1.2"}}`, output: "1.2" },
    (call) => (call.text(1).startsWith(call.text(0)) ? call.text(1).slice(call.text(0).length) : call.text(1)),
  ),
  define(
    "trimSuffix SUFFIX TEXT",
    "TEXT without SUFFIX at its end.",
    { template: `{{trimSuffix ".local" "db.local"}}`, output: "db" },
    (call) => {
      const [suffix, text] = [call.text(0), call.text(1)];
      return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
    },
  ),
  define(
    "hasPrefix PREFIX TEXT",
    "Whether TEXT begins with PREFIX.",
    { template: `{{hasPrefix "v" "v1.2"}}`, output: "true" },
    (call) => call.text(1).startsWith(call.text(0)),
  ),
  define(
    "hasSuffix SUFFIX TEXT",
    "Whether TEXT ends with SUFFIX.",
    { template: `{{hasSuffix ".d" "conf.d"}}`, output: "true" },
    (call) => call.text(1).endsWith(call.text(0)),
  ),
  define("repeat COUNT TEXT", "TEXT COUNT times.", { template: `{{repeat 3 "ab"}}`, output: "ababab" }, (call) => {
    const [count, text] = [call.integer(0, { min: 0, max: 1_000_000 }), call.text(1)];
    call.checkLength(count * text.length);
    return text.repeat(count);
  }),
  define(
    "replace TEXT OLD NEW [COUNT]",
    "TEXT with NEW for the first COUNT occurrences of OLD; for all if COUNT is missing or negative. The order is docker-gen's, not sprig's. An empty OLD never occurs.",
    { template: `{{replace "a.b.c" "." "-"}}`, output: "a-b-c" },
    replaced,
  ),
  define(
    "split TEXT SEPARATOR",
    'The parts of TEXT between separators. "" has one empty part. An empty SEPARATOR gives the characters.',
    { template: `{{#each (split "a,b" ",")}}<{{this}}>{{/each}}`, output: "<a><b>" },
    (call) => call.split(call.text(0), call.text(1)),
  ),
  define(
    "splitN TEXT SEPARATOR COUNT",
    "At most COUNT parts of `split`, with the rest of TEXT in the last; all if COUNT is negative, none if it is 0.",
    { template: `{{#each (splitN "a=b=c" "=" 2)}}<{{this}}>{{/each}}`, output: "<a><b=c>" },
    (call) => {
      const [separator, count] = [call.text(1), call.limit(2)];
      const parts = call.split(call.text(0), separator);
      return parts.length <= count
        ? parts
        : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)].slice(0, count);
    },
  ),
  define(
    "join SEPARATOR LIST",
    "The scalars of LIST with SEPARATOR between them, without missing ones.",
    { template: `{{join ", " ports}}`, data: { ports: [80, 443] }, output: "80, 443" },
    (call) => {
      const texts = call.textList(1).filter((_, at) => (call.list(1)[at] ?? undefined) !== undefined);
      return call.joined(texts, call.text(0));
    },
  ),
  define(
    "closest LIST TEXT",
    'The longest text of LIST that TEXT contains, the first of several, or "".',
    { template: `{{closest (list "example.com" "a.example.com") "www.a.example.com"}}`, output: "a.example.com" },
    (call) => {
      const text = call.text(1);
      const contained = call.textList(0).filter((part) => text.includes(part));
      return contained.reduce((best, part) => (part.length > best.length ? part : best), "");
    },
  ),
  define(
    "printf FORMAT [VALUE...]",
    "FORMAT with the values in place of its verbs: %s or %v a text, %d an integer, %f a number with 6 or .N decimals, %x hexadecimal, %q a text in double quotes, %t true or false, %% a percent sign. Between % and the verb may be - (left-aligned), 0 (filled with zeros), + (always with a sign) and a width up to 1000. There must be as many values as verbs.",
    { template: `{{printf "%s:%04d %q %.1f" "web" 80 "a" 0.25}}`, output: 'web:0080 "a" 0.3' },
    formatted,
  ),
  define(
    "comment PREFIX TEXT",
    "TEXT with PREFIX before each line, also before the empty one after a final line end.",
    { template: `{{comment "# " "a\nb"}}`, output: "# a\n# b" },
    (call) => prefixed(call, call.text(0), call.text(1)),
  ),
  define(
    "dir PATH",
    "PATH without its last part, in its shortest spelling. It lists no directory, unlike docker-gen's.",
    { template: `{{dir "/etc/nginx/mime.types"}}`, output: "/etc/nginx" },
    (call) => {
      const normal = posix.normalize(call.text(0).slice(0, call.text(0).lastIndexOf("/") + 1));
      return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
    },
  ),
];

function replaced(call: HelperCall): string {
  const [text, old, replacement, count] = [call.text(0), call.text(1), call.text(2), call.limit(3)];
  if (old === "") return text;
  const parts = text.split(old);
  const rest = count + 1 < parts.length ? [parts.slice(count).join(old)] : [];
  return call.joined(rest.length > 0 ? [...parts.slice(0, count), ...rest] : parts, replacement);
}

function prefixed(call: HelperCall, prefix: string, text: string): string {
  return call.joined([prefix, call.joined(text.split("\n"), `\n${prefix}`)]);
}
