import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import type { Helper } from "../template-helper.ts";
import { wordsIn } from "./letter-case.ts";
import { formatted } from "./printf.ts";

const define = helpersOf("Strings");

/** Widest indentation and line, in characters. */
const MAX_WIDTH = 1000;

/** Lines, quotes and pieces put together. */
export const textLayout: readonly Helper[] = [
  define(
    "indent WIDTH TEXT",
    `TEXT with WIDTH blanks, at most ${MAX_WIDTH}, before each line, empty ones too.`,
    { template: `{{indent 2 "a\nb"}}`, prints: "  a\n  b" },
    (call) => indented(call),
  ),
  define(
    "nindent WIDTH TEXT",
    "As `indent`, with a line end before it.",
    { template: `a:{{nindent 2 "b"}}`, prints: "a:\n  b" },
    (call) => `\n${indented(call)}`,
  ),
  define(
    "comment PREFIX TEXT",
    "TEXT with PREFIX before each line, also before the empty one after a last line end. Of an empty TEXT it is PREFIX.",
    { template: `{{comment "# " "a\nb"}}`, prints: "# a\n# b" },
    (call) => beforeLines(call, call.text(0), call.text(1)),
  ),
  define(
    "quote VALUE...",
    "Each VALUE in double quotes as JSON has them, with blanks between; what is missing is left out. It is not the quoting of a file format.",
    { template: `{{quote name 80}}`, data: { name: 'a "b"' }, prints: '"a \\"b\\"" "80"' },
    (call) =>
      call.joined(
        given(call).map((text) => JSON.stringify(text)),
        " ",
      ),
  ),
  define(
    "squote VALUE...",
    "Each VALUE in single quotes, as it is, with blanks between; what is missing is left out. It is not the quoting of a file format.",
    { template: `{{squote "a" 80}}`, prints: "'a' '80'" },
    (call) =>
      call.joined(
        given(call).map((text) => `'${text}'`),
        " ",
      ),
  ),
  define(
    "cat VALUE...",
    "Each VALUE as a text, with blanks between; what is missing is left out.",
    { template: `{{cat "port" 80}}`, prints: "port 80" },
    (call) => call.joined(given(call), " "),
  ),
  define(
    "printf FORMAT [VALUE...]",
    "FORMAT with each VALUE in the place of a verb: %s or %v as a text, %d as a whole number, %f as a number with 6 or .N decimals, %x in hexadecimal, %q in double quotes, %t as true or false, %% a percent sign. Between % and the verb may stand - (to the left), 0 (filled with zeros), + (always with a sign) and a width up to 1000. As many values as verbs.",
    { template: `{{printf "%s:%04d %q %.1f" "web" 80 "a" 0.25}}`, prints: 'web:0080 "a" 0.3' },
    (call) => formatted(call),
  ),
  define(
    "toString VALUE",
    "VALUE as it is printed: a text, number or truth.",
    { template: `{{toString 80}}`, prints: "80" },
    (call) => call.text(0),
  ),
  define(
    "wrap WIDTH TEXT",
    "TEXT with line ends for blanks so that lines have at most WIDTH characters; longer words stand on lines of their own.",
    { template: `{{wrap 5 "one two three"}}`, prints: "one\ntwo\nthree" },
    (call) => wrapped(call.text(1), call.integer(0, { min: 1, max: MAX_WIDTH })).join("\n"),
  ),
  define(
    "wrapWith WIDTH SEPARATOR TEXT",
    "As `wrap`, with SEPARATOR for the line end.",
    { template: `{{wrapWith 5 "|" "one two three"}}`, prints: "one|two|three" },
    (call) => call.joined(wrapped(call.text(2), call.integer(0, { min: 1, max: MAX_WIDTH })), call.text(1)),
  ),
  define(
    "abbrev WIDTH TEXT",
    "TEXT, or its beginning and ... when it has more than WIDTH characters; WIDTH is at least 4.",
    { template: `{{abbrev 7 "containers"}}`, prints: "cont..." },
    (call) => {
      const [width, characters] = [call.integer(0, { min: 4, max: 1_000_000_000 }), Array.from(call.text(1))];
      return characters.length <= width ? characters.join("") : `${characters.slice(0, width - 3).join("")}...`;
    },
  ),
  define(
    "plural ONE MANY COUNT",
    "ONE when COUNT is 1, else MANY.",
    { template: `2 {{plural "container" "containers" 2}}`, prints: "2 containers" },
    (call) => (call.number(2) === 1 ? call.text(0) : call.text(1)),
  ),
];

function given(call: HelperCall): string[] {
  return call.texts(0).filter((_, at) => (call.value(at) ?? undefined) !== undefined);
}

function indented(call: HelperCall): string {
  return beforeLines(call, " ".repeat(call.integer(0, { min: 0, max: MAX_WIDTH })), call.text(1));
}

function beforeLines(call: HelperCall, prefix: string, text: string): string {
  return call.joined([prefix, call.joined(text.split("\n"), `\n${prefix}`)]);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of wordsIn(text)) {
    const line = lines.at(-1);
    const fits = line !== undefined && line.length + 1 + word.length <= width;
    if (fits) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
