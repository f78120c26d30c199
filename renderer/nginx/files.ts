import { createHash } from "node:crypto";
import type { Model } from "../template/model.ts";
import type { FileDirectory } from "./settings.ts";
import { quoted } from "./text.ts";
import { Verbatim } from "../template/model.ts";

/** What files for a host are called: its name, or the SHA-1 of a regular expression. */
export function nameForFiles(host: string): string {
  return host.startsWith("~") ? createHash("sha1").update(host).digest("hex") : host.replace(/^\[(.*)\]$/, "$1");
}

/** The first of these files that is there. `about` changes with what is in it, so that a change is reloaded. */
export function findFile(
  directory: FileDirectory | undefined,
  names: readonly string[],
): false | { readonly [name: string]: Model } {
  const name = names.find((one) => directory?.files.has(one));
  if (!directory || name === undefined) return false;
  const path = `${directory.directory}/${name}`;
  // `include` takes a * for a pattern of names, other directives do not.
  const asPattern = path.includes("*") ? new Verbatim(path.replaceAll("*", "\\*")) : quoted(path);
  return { path: quoted(path), include: asPattern, about: directory.files.get(name)! };
}
