import { nearest } from "../../shared/nearest.ts";
import { shown } from "./helper-error.ts";

/** Parameters of a helper, parsed from its usage. */
export interface Signature {
  readonly name: string;
  readonly usage: string;
  readonly parameters: readonly string[];
  readonly required: number;
  readonly repeats: boolean;
  readonly named: readonly string[];
}

/** Parses a usage such as `where LIST PATH [VALUE...] [id=]`. */
export function signatureOf(usage: string): Signature {
  const [name = "", ...parts] = usage.split(" ");
  const bare = parts.map((part) => part.replace(/^\[|\]$|\.\.\./g, ""));
  const positional = parts.filter((_, at) => !bare[at]?.endsWith("="));
  return {
    name,
    usage,
    parameters: bare.filter((part) => !part.endsWith("=")),
    required: positional.filter((part) => !part.startsWith("[")).length,
    repeats: positional.some((part) => part.includes("...")),
    named: bare.filter((part) => part.endsWith("=")).map((part) => part.slice(0, -1)),
  };
}

/** Returns what is wrong with a call of so many positional arguments and these named ones. */
export function argumentProblem(
  { name, usage, parameters, required, repeats, named }: Signature,
  count: number,
  names: readonly string[],
): string | undefined {
  if (count < required) return `${name}: ${parameters[count]} is missing; write ${usage}`;
  if (!repeats && count > parameters.length) return `${name}: too many arguments; write ${usage}`;
  const unknown = names.find((given) => !named.includes(given));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, named);
  const hint = near === undefined ? "" : `, did you mean ${near}=?`;
  return `${name}: unknown argument ${shown(unknown)}=${hint}; write ${usage}`;
}
