import { nearest } from "../../../shared/nearest.ts";
import type { OptionKind } from "./options.ts";

/** One flag as it was given. */
export interface GivenFlag {
  readonly name: string;
  readonly value: string;
}

export interface GivenWords {
  readonly flags: readonly GivenFlag[];
  readonly positionals: readonly string[];
  /** Flags that are not known or have no usable value: a Go program ends when it meets one. */
  readonly problems: readonly { readonly flag: string; readonly problem: string }[];
}

/**
 * Splits words as Go programs do: `-x` is `--x`, `-x=v` or `-x v`, a bool takes its value only with `=`,
 * and the first word that is no flag, or `--`, ends the flags.
 */
export function splitGoFlags(words: readonly string[], kinds: ReadonlyMap<string, OptionKind>): GivenWords {
  const flags: GivenFlag[] = [];
  const problems: { flag: string; problem: string }[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") at++;
    if (word === "--" || !/^-./.test(word)) break;
    const [, name = "", , value] = /^--?([^=]*)(=([\s\S]*))?$/.exec(word) ?? [];
    const kind = kinds.get(name);
    if (kind === undefined) {
      const near = nearest(name, [...kinds.keys()]);
      problems.push({ flag: word, problem: `is not known to it${near === undefined ? "" : ` (-${near}?)`}` });
      // What follows is then most likely the value.
      if (near !== undefined && kinds.get(near) !== "bool" && value === undefined) at++;
    } else if (value !== undefined || kind === "bool") flags.push({ name, value: value ?? "true" });
    else if (at + 1 < words.length) flags.push({ name, value: words[++at] ?? "" });
    else problems.push({ flag: word, problem: "has no value" });
  }
  const unusable = flags.filter(({ name, value }) => !isUsable(value, kinds.get(name)));
  return {
    flags: flags.filter((flag) => !unusable.includes(flag)),
    positionals: words.slice(at),
    problems: [
      ...problems,
      ...unusable.map(({ name, value }) => ({ flag: `-${name}=${value}`, problem: `is no ${kinds.get(name)}` })),
    ],
  };
}

/** Go's words for truth. */
export function parseGoBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/** Go's whole numbers: decimal, 0x, 0o, 0b, and octal after a plain zero. */
export function parseGoInt(text: string): number | undefined {
  const [, sign, digits = ""] = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const size = Number(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(size)) return undefined;
  return sign === "-" ? 0 - size : size;
}

function isUsable(value: string, kind: OptionKind | undefined): boolean {
  if (kind === "bool") return parseGoBool(value) !== undefined;
  return kind !== "number" || parseGoInt(value) !== undefined;
}
