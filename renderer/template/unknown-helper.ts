import { nearest } from "../../shared/nearest.ts";

/** What Handlebars says of a name that is called and is no helper. */
const UNKNOWN = /used the unknown helper (.*)$/;

/** Handlebars' finding about a template, for people: `known` can be called, `advice` tells more of a name. */
export function wordsForFinding(
  message: string,
  known: readonly string[],
  advice: (name: string) => string | undefined,
): string {
  const words = message.replace(/ - [0-9]+:[0-9]+$/, "");
  const [, name] = UNKNOWN.exec(words) ?? [];
  if (name === undefined) return words;
  const near = advice(name) === undefined ? nearest(name, known) : undefined;
  const more = advice(name) ?? (near === undefined ? undefined : `did you mean ${near}?`);
  return `unknown helper ${JSON.stringify(name.slice(0, 64))}${more === undefined ? "" : `: ${more}`}`;
}
