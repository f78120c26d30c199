import { helpersOf } from "../define-helper.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Strings");

/** Upper and lower case, and names made of words. */
export const letterCase: readonly Helper[] = [
  define("toLower TEXT", "TEXT in lower case.", { template: `{{toLower "Web"}}`, prints: "web" }, (call) =>
    call.text(0).toLowerCase(),
  ),
  define("toUpper TEXT", "TEXT in upper case.", { template: `{{toUpper "Web"}}`, prints: "WEB" }, (call) =>
    call.text(0).toUpperCase(),
  ),
  define("lower TEXT", "As `toLower`.", { template: `{{lower "Web"}}`, prints: "web" }, (call) =>
    call.text(0).toLowerCase(),
  ),
  define("upper TEXT", "As `toUpper`.", { template: `{{upper "Web"}}`, prints: "WEB" }, (call) =>
    call.text(0).toUpperCase(),
  ),
  define(
    "title TEXT",
    "The first letter of each word in upper case, the others as they are. A word begins after a blank or another ASCII character that is no letter, digit or underscore.",
    { template: `{{title "my first app"}}`, prints: "My First App" },
    (call) => call.text(0).replace(/(?<=^|[\s!-/:-@[-^`{-~])\p{L}/gu, (first) => first.toUpperCase()),
  ),
  define(
    "untitle TEXT",
    "The first letter of each word in lower case, the others as they are.",
    { template: `{{untitle "My First App"}}`, prints: "my first app" },
    (call) => call.text(0).replace(/(^|\s)(\S)/gu, (_, before: string, first: string) => before + first.toLowerCase()),
  ),
  define(
    "swapcase TEXT",
    "Upper case for lower case and the other way round.",
    { template: `{{swapcase "Web"}}`, prints: "wEB" },
    (call) =>
      Array.from(call.text(0), (letter) =>
        letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
      ).join(""),
  ),
  define(
    "snakecase TEXT",
    "The words of TEXT in lower case, joined by _. A word ends before an upper-case letter, and at blanks, -, _ and dots.",
    { template: `{{snakecase "myFirst-App"}}`, prints: "my_first_app" },
    (call) => namesIn(call.text(0)).join("_"),
  ),
  define(
    "kebabcase TEXT",
    "As `snakecase`, joined by -.",
    { template: `{{kebabcase "myFirst_App"}}`, prints: "my-first-app" },
    (call) => namesIn(call.text(0)).join("-"),
  ),
  define(
    "camelcase TEXT",
    "The words as in `snakecase`, each with a first letter in upper case.",
    { template: `{{camelcase "my_first-app"}}`, prints: "MyFirstApp" },
    (call) =>
      namesIn(call.text(0))
        .map((word) => word.replace(/^./u, (first) => first.toUpperCase()))
        .join(""),
  ),
];

/** What stands between blanks. */
export function wordsIn(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function namesIn(text: string): string[] {
  return text
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, "$1 $2")
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .split(/[\s_.-]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}
