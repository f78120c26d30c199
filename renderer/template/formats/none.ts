import { type Format, wellFormed } from "./format.ts";

/** Text as it is: whoever chooses this answers for what containers write into the file. */
export const NONE: Format = {
  alone: (value) => wellFormed(String(value)),
  inner: wellFormed,
  hasQuotes: false,
};
