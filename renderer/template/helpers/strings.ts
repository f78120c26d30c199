import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";
import { wordsIn } from "./letter-case.ts";

const define = helpersOf("Strings");

/** Texts cut, compared and put together. Numbers and truth are taken as they are printed, what is missing as "". */
export const strings: readonly Helper[] = [
  define(
    "trim TEXT",
    "TEXT without blanks, tabs and line ends around it.",
    { template: `[{{trim "  a b "}}]`, prints: "[a b]" },
    (call) => call.text(0).trim(),
  ),
  define(
    "trimAll CHARACTERS TEXT",
    "TEXT without any of CHARACTERS around it.",
    { template: `{{trimAll "/." "/a/b/."}}`, prints: "a/b" },
    (call) => trimAll(call),
  ),
  define(
    "trimPrefix PREFIX TEXT",
    "TEXT without PREFIX, if it begins so.",
    { template: `{{trimPrefix "v" "v1.2"}}`, prints: "1.2" },
    (call) => (call.text(1).startsWith(call.text(0)) ? call.text(1).slice(call.text(0).length) : call.text(1)),
  ),
  define(
    "trimSuffix SUFFIX TEXT",
    "TEXT without SUFFIX, if it ends so.",
    { template: `{{trimSuffix ".local" "db.local"}}`, prints: "db" },
    (call) => {
      const [suffix, text] = [call.text(0), call.text(1)];
      return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
    },
  ),
  define(
    "hasPrefix PREFIX TEXT",
    "Whether TEXT begins so.",
    { template: `{{hasPrefix "v" "v1.2"}}`, prints: "true" },
    (call) => call.text(1).startsWith(call.text(0)),
  ),
  define(
    "hasSuffix SUFFIX TEXT",
    "Whether TEXT ends so.",
    { template: `{{hasSuffix ".d" "conf.d"}}`, prints: "true" },
    (call) => call.text(1).endsWith(call.text(0)),
  ),
  define(
    "substr START END TEXT",
    "The characters of TEXT from START up to END, without it; from the beginning when START is negative, to the end when END is.",
    { template: `{{substr 1 3 "abcd"}}`, prints: "bc" },
    (call) => {
      const [start, end, characters] = [position(call, 0), position(call, 1), Array.from(call.text(2))];
      return characters.slice(Math.max(start, 0), end < 0 ? undefined : end).join("");
    },
  ),
  define(
    "trunc LENGTH TEXT",
    "The first LENGTH characters of TEXT; the last ones when LENGTH is negative.",
    { template: `{{trunc 3 "abcdef"}} {{trunc -2 "abcdef"}}`, prints: "abc ef" },
    (call) => {
      const [length, characters] = [position(call, 0), Array.from(call.text(1))];
      return (length < 0 ? characters.slice(length) : characters.slice(0, length)).join("");
    },
  ),
  define("repeat COUNT TEXT", "TEXT COUNT times.", { template: `{{repeat 3 "ab"}}`, prints: "ababab" }, (call) => {
    const text = call.text(1);
    const count = call.integer(0, { min: 0, max: 1_000_000 });
    call.fits(count * text.length);
    return text.repeat(count);
  }),
  define(
    "nospace TEXT",
    "TEXT without any blanks, tabs and line ends.",
    { template: `{{nospace " a b "}}`, prints: "ab" },
    (call) => call.text(0).replace(/\s/g, ""),
  ),
  define(
    "initials TEXT",
    "The first character of each word.",
    { template: `{{initials "My First App"}}`, prints: "MFA" },
    (call) =>
      wordsIn(call.text(0))
        .map((word) => Array.from(word)[0])
        .join(""),
  ),
  define(
    "closest LIST TEXT",
    'The longest text of LIST that stands somewhere in TEXT, the first of equally long ones; "" when none does.',
    { template: `{{closest (list "example.com" "a.example.com") "www.a.example.com"}}`, prints: "a.example.com" },
    (call) => {
      const text = call.text(1);
      const within = call.textList(0).filter((part) => text.includes(part));
      return within.reduce((best, part) => (part.length > best.length ? part : best), "");
    },
  ),
  define(
    "compareStrings TEXT OTHER",
    "-1, 0 or 1, as TEXT comes before OTHER by code points, is the same, or comes after.",
    { template: `{{compareStrings "a" "b"}}`, prints: "-1" },
    (call) => Math.sign(compareTexts(call.text(0), call.text(1))),
  ),
];

function trimAll(call: HelperCall): string {
  const [unwanted, characters] = [new Set(call.text(0)), Array.from(call.text(1))];
  const first = characters.findIndex((character) => !unwanted.has(character));
  const last = characters.findLastIndex((character) => !unwanted.has(character));
  return first < 0 ? "" : characters.slice(first, last + 1).join("");
}

function position(call: HelperCall, at: number): number {
  return call.integer(at, { min: -1_000_000_000, max: 1_000_000_000 });
}
