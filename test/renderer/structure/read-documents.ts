import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { type Tree, withTexts } from "./tree.ts";

/** Parses lines of an address and its names, as in /etc/hosts. */
export function readHosts(text: string): Tree {
  const lines = text.split(/\r\n|[\r\n]/).map((line) => line.replace(/#.*$/, "").trim());
  return lines.filter((line) => line !== "").map((line) => ({ words: line.split(/\s+/) }));
}

export function readJson(text: string): Tree {
  return JSON.parse(text) as Tree;
}

export function readYaml(text: string): Tree {
  return parseYaml(text, { strict: true, merge: true, prettyErrors: false }) as Tree;
}

export function readToml(text: string): Tree {
  return parseToml(text) as Tree;
}

/** Traefik parses rules as a language of their own, and the whole file as a Go template. */
export function readTraefik(text: string): Tree {
  if (text.includes("{{")) throw new Error("a Go template begins");
  const isRule = (part: Tree): part is string => typeof part === "string" && part.includes("`");
  const deep = (part: Tree): Tree => {
    if (isRule(part))
      return part.split("`").flatMap((piece, index) => (index % 2 === 1 ? [piece] : (piece.match(/\w+|\W/g) ?? [])));
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(deep);
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, deep(value)]));
  };
  return deep(readYaml(text));
}

/** Fluent Bit expands environment variables in every text. */
export function readFluentBit(text: string): Tree {
  return withTexts(readYaml(text), (part) => part.replaceAll("${", "<variable>"));
}
