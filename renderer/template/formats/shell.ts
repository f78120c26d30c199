import { andThen, type Format, singleLine } from "./format.ts";

/** Characters that a shell reads as one word without quotes, without `=` of an assignment. */
const PLAIN = /^[A-Za-z0-9._:/@+,-]+$/;

/** POSIX shell: plain values bare, others in single quotes. Line ends are rejected: they would end a comment. */
export const SHELL: Format = {
  alone: (value) =>
    andThen(singleLine(value), (text) => ({
      text: PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`,
    })),
  inner: (value) => andThen(singleLine(value), (text) => ({ text: text.replace(/["\\$`]/g, "\\$&") })),
  hasQuotes: true,
};
