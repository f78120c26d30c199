/** Parameters of a helper, read from its usage. */
export interface Signature {
  readonly name: string;
  readonly usage: string;
  readonly parameters: readonly string[];
  readonly required: number;
  readonly repeats: boolean;
  readonly named: readonly string[];
}

/** Reads `where LIST PATH [VALUE...] [id=]`. */
export function signatureOf(usage: string): Signature {
  const [name = "", ...words] = usage.split(" ");
  const bare = words.map((word) => word.replace(/^\[|\]$|\.\.\./g, ""));
  const positional = words.filter((_, at) => !bare[at]?.endsWith("="));
  return {
    name,
    usage,
    parameters: bare.filter((word) => !word.endsWith("=")),
    required: positional.filter((word) => !word.startsWith("[")).length,
    repeats: positional.some((word) => word.includes("...")),
    named: bare.filter((word) => word.endsWith("=")).map((word) => word.slice(0, -1)),
  };
}
