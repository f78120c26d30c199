import { andThen, type Format, singleLine } from "./format.ts";

/** What a shell reads as one word without quotes; never an option's or an assignment's beginning by itself. */
const PLAIN = /^[A-Za-z0-9._:/@+,-]+$/;

/** POSIX shell: plain words bare, others in single quotes. A line break would end a comment: refused. */
export const SHELL: Format = {
  alone: (value) =>
    andThen(singleLine(value), (text) => ({
      text: PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`,
    })),
  inner: (value) => andThen(singleLine(value), (text) => ({ text: text.replace(/["\\$`]/g, "\\$&") })),
  hasQuotes: true,
};
