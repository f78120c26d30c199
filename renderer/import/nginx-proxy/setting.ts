import type { Parsed } from "../../routes/grammar.ts";
import { differs, leftOut, type Note, quoted } from "../docker-gen/note.ts";

/** What one variable of nginx-proxy's environment becomes. */
export type Setting =
  /** A value at a place of our configuration: `https.listen` of the target is ["https", "listen"]. */
  | {
      readonly kind: "value";
      readonly at: readonly (readonly string[])[];
      readonly parse: (raw: string) => Parsed<Word>;
    }
  /** Nothing to do for it here. */
  | { readonly kind: "told"; readonly note: (raw: string) => Note | undefined };

export type Word = string | number | boolean | readonly string[];

/** The value, at one or several places of the target. */
export function at(place: string, parse: (raw: string) => Parsed<Word>, ...more: readonly string[]): Setting {
  return { kind: "value", at: [place, ...more].map((one) => one.split(".")), parse };
}

/** The variable decides nothing here, and why that is no loss. */
export function needless(why: string): Setting {
  return { kind: "told", note: () => differs(why) };
}

/** The variable cannot be followed. */
export function refused(why: string): Setting {
  return { kind: "told", note: (raw) => leftOut(`${quoted(raw)}: ${why}`) };
}

/** Whoever starts the program reads the variable. */
export const ELSEWHERE: Setting = { kind: "told", note: () => undefined };
