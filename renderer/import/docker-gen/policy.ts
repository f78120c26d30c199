import { isDisclosedByDefault } from "../../template/disclosed-names.ts";

/** Labels and variables that docker-gen's templates and filters read. */
export interface NamesOfPolicy {
  readonly labels: readonly string[];
  readonly env: readonly string[];
}

/** Uses of a label or variable by its name, in Go templates and in Handlebars. */
const LABELS = [
  /Labels?\w*\s+(?:[^\s"]+\s+)?"([^"\s]+)"/gi, // index .Labels "x", groupByLabel $ "x", get labels "x"
  /\blabels\.\[([^\]\s]+)\]/gi,
  /\blabels\.([\w.-]*\w)/gi,
];
const ENV = [/\benv\.\[?([A-Za-z_]\w*)/gi, /\benv\s+"([^"\s]+)"/gi];

/** Finds the names that templates of docker-gen, or their Handlebars counterparts, read. */
export function namesInTemplate(text: string): NamesOfPolicy {
  const found = (expressions: readonly RegExp[]): string[] =>
    expressions.flatMap((expression) => [...text.matchAll(expression)].map(([, name = ""]) => name));
  return { labels: found(LABELS), env: found(ENV) };
}

/** Prints the agent's policy that discloses these names besides the default ones. */
export function printPolicy(names: readonly NamesOfPolicy[]): string {
  const own = (from: "labels" | "env"): string[] => {
    const all = names.flatMap((one) => one[from]).filter((name) => !isDisclosedByDefault(from, name));
    return [...new Set(all)].toSorted();
  };
  return `${JSON.stringify({ extends: "default", env: own("env"), labels: own("labels") }, undefined, 2)}\n`;
}
