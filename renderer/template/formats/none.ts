import { type Format, wellFormed } from "./format.ts";

/** Text as it is: containers can write anything into the file. */
export const NONE: Format = {
  alone: (value) => wellFormed(String(value)),
  inner: wellFormed,
};
