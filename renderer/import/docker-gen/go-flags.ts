import { nearest } from "../../../shared/nearest.ts";
import type { OptionKind } from "./options.ts";

export interface GivenFlag {
  readonly name: string;
  readonly value: string;
}

export interface SplitArguments {
  readonly flags: readonly GivenFlag[];
  readonly positionals: readonly string[];
  /** Unknown flags and invalid values. A Go program exits at the first. */
  readonly problems: readonly { readonly flag: string; readonly problem: string }[];
}

/**
 * Splits arguments as Go's `flag` package does: `-x` is `--x`, values are `-x=v` or `-x v`, a bool takes its value only
 * with `=`, and the first argument that is not a flag, or `--`, ends the flags.
 */
export function splitGoFlags(args: readonly string[], kinds: ReadonlyMap<string, OptionKind>): SplitArguments {
  const flags: GivenFlag[] = [];
  const problems: { flag: string; problem: string }[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") at++;
    if (argument === "--" || !/^-./.test(argument)) break;
    const [, name = "", , value] = /^--?([^=]*)(=([\s\S]*))?$/.exec(argument) ?? [];
    const kind = kinds.get(name);
    if (kind === undefined) {
      const near = nearest(name, [...kinds.keys()]);
      problems.push({ flag: argument, problem: `is unknown${near === undefined ? "" : ` (did you mean -${near}?)`}` });
      // The next argument is then most likely its value.
      if (near !== undefined && kinds.get(near) !== "bool" && value === undefined) at++;
    } else if (value !== undefined || kind === "bool") flags.push({ name, value: value ?? "true" });
    else if (at + 1 < args.length) flags.push({ name, value: args[++at] ?? "" });
    else problems.push({ flag: argument, problem: "has no value" });
  }
  const invalid = flags.filter(({ name, value }) => !isValid(value, kinds.get(name)));
  return {
    flags: flags.filter((flag) => !invalid.includes(flag)),
    positionals: args.slice(at),
    problems: [
      ...problems,
      ...invalid.map(({ name, value }) => ({ flag: `-${name}=${value}`, problem: `is not a ${kinds.get(name)}` })),
    ],
  };
}

/** Parses a boolean of Go, which is stricter than ours: an invalid one ends docker-gen. */
export function parseGoBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/** Parses an integer of Go: decimal, 0x, 0o, 0b, and octal after a leading zero. */
export function parseGoInt(text: string): number | undefined {
  const [, sign, digits = ""] = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const size = Number(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(size)) return undefined;
  return sign === "-" ? 0 - size : size;
}

function isValid(value: string, kind: OptionKind | undefined): boolean {
  if (kind === "bool") return parseGoBool(value) !== undefined;
  return kind !== "number" || parseGoInt(value) !== undefined;
}
