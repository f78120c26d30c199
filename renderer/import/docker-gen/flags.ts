import * as z from "zod";
import { nearest } from "../../../shared/nearest.ts";
import { quoted } from "../note.ts";
import type { Generation } from "./generation.ts";

/** A `list` may be repeated, `pairs` are KEY=VALUE and may be repeated. Of the others the last one counts. */
type Kind = "bool" | "text" | "number" | "list" | "pairs";

/** Flags by name: their kind and what they set. */
export type Flags = Readonly<Record<string, readonly [kind: Kind, field?: keyof Generation]>>;

/** All flags of docker-gen 0.17. docs/reference/docker-gen.md has a row for each. */
export const FLAGS: Flags = {
  version: ["bool"],
  config: ["list"],
  endpoint: ["text"],
  tlscert: ["text"],
  tlskey: ["text"],
  tlscacert: ["text"],
  tlsverify: ["bool"],
  "event-filter": ["pairs"],
  watch: ["bool", "watch"],
  wait: ["text", "wait"],
  interval: ["number", "interval"],
  "keep-blank-lines": ["bool", "keepBlankLines"],
  "only-exposed": ["bool", "onlyExposed"],
  "only-published": ["bool", "onlyPublished"],
  "include-stopped": ["bool", "includeStopped"],
  "container-filter": ["pairs", "containerFilter"],
  notify: ["text", "notifyCmd"],
  "notify-output": ["bool", "notifyOutput"],
  "notify-sighup": ["list"],
  "notify-container": ["list"],
  "notify-filter": ["pairs", "notifyContainersFilter"],
  "notify-signal": ["number", "notifyContainersSignal"],
};

export interface SplitArguments {
  /** The values of each flag that is given, in their order. */
  readonly values: ReadonlyMap<string, readonly (string | number | boolean)[]>;
  readonly positionals: readonly string[];
  /** Unknown flags and invalid values, as sentences. */
  readonly problems: readonly string[];
}

const anything = z.string();
/** Booleans as Go writes them. */
const bool = z.stringbool({
  truthy: ["1", "t", "T", "TRUE", "true", "True"],
  falsy: ["0", "f", "F", "FALSE", "false", "False"],
  case: "sensitive",
});
const number = z
  .string()
  .regex(/^[+-]?(?:0|[1-9][0-9]{0,14})$/)
  .transform(Number);
const VALUES = { bool, number, text: anything, list: anything, pairs: anything };

/**
 * Splits arguments as Go's `flag` package does: `-x` is `--x`, values are `-x=v` or `-x v`, a bool takes its value only
 * with `=`, and the first argument that is not a flag, or `--`, ends the flags.
 */
export function splitArguments(args: readonly string[], flags: Flags): SplitArguments {
  const values = new Map<string, (string | number | boolean)[]>();
  const problems: string[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") at++;
    if (argument === "--" || !/^-./.test(argument)) break;
    const [, name = "", , written] = /^--?([^=]*)(=([\s\S]*))?$/.exec(argument) ?? [];
    const known = Object.hasOwn(flags, name) ? name : undefined;
    const meant = known ?? nearest(name, Object.keys(flags));
    const [kind] = (meant === undefined ? undefined : flags[meant]) ?? ["bool"];
    // The argument after an unknown flag is most likely its value.
    const value = written ?? (kind === "bool" ? "true" : args[++at]);
    if (known === undefined) {
      problems.push(`${quoted(argument)} is unknown${meant === undefined ? "" : ` (did you mean -${meant}?)`}`);
    } else if (value === undefined) problems.push(`${quoted(argument)} has no value`);
    else {
      const parsed = VALUES[kind].safeParse(value);
      if (parsed.success) values.set(known, [...(values.get(known) ?? []), parsed.data]);
      else problems.push(`${quoted(`-${known}=${value}`)} is not a ${kind === "bool" ? kind : "decimal number"}`);
    }
  }
  return { values, positionals: args.slice(at), problems };
}
