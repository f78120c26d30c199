import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readText } from "../../disk/read-text.ts";

/** Files beside the destination that are looked at. */
const MAX_FILES = 1_000;

/**
 * Names of the directives that other files in the destination's directory say for all hosts, sorted. nginx includes them
 * beside ours, and takes many directives once only. A file that cannot be read says nothing.
 */
export function directivesBeside(destination: string): string[] {
  const names = namesIn(dirname(destination)).filter(
    (name) => /^[^.].*\.conf$/.test(name) && name !== basename(destination),
  );
  const found = names.slice(0, MAX_FILES).flatMap((name) => {
    const file = readText(join(dirname(destination), name));
    return "text" in file ? directivesOf(file.text) : [];
  });
  return [...new Set(found)].toSorted();
}

/** Pure: names of the directives of nginx's configuration that stand in no block. */
export function directivesOf(text: string): string[] {
  const bare = text.replaceAll(/"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|(?<![^\s;{}])#.*|\$\{[^}]*\}|\\[^]/g, (one) =>
    one.startsWith("#") ? "" : "x",
  );
  let depth = 0;
  return [...bare.matchAll(/([^{};]*)([{};])/g)].flatMap(([, words = "", end]) => {
    const isOutside = depth === 0 && end === ";";
    depth += end === "{" ? 1 : end === "}" ? -1 : 0;
    return isOutside ? (/^\s*([a-z][a-z0-9_]*)\s/.exec(`${words} `)?.[1] ?? []) : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
