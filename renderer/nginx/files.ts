import { createHash } from "node:crypto";
import { type Model, Verbatim } from "../template/model.ts";
import type { FileDirectory, NginxSettings } from "./settings.ts";
import { quoted, tokens } from "./text.ts";

/** The error page for hosts that have none of their own. */
const DEFAULT_PAGE = "50x.html";

/** A file as the template prints it. `hash` changes with the contents, so that a change causes a reload. */
type FileModel = { readonly path: Model; readonly include: Model; readonly hash: string };

/** Returns the name of a host's files: the host name, or the SHA-1 of a regular expression. */
export function nameForFiles(host: string): string {
  return host.startsWith("~") ? createHash("sha1").update(host).digest("hex") : host.replace(/^\[(.*)\]$/, "$1");
}

/** Returns the first of these files that exists, or false. */
export function findFile(directory: FileDirectory | undefined, names: readonly string[]): false | FileModel {
  const name = names.find((one) => directory?.files.has(one));
  if (!directory || name === undefined) return false;
  const path = `${directory.directory}/${name}`;
  // `include` expands a *, other directives do not.
  const pattern = path.includes("*") ? new Verbatim(path.replaceAll("*", "\\*")) : quoted(path);
  return { path: quoted(path), include: pattern, hash: directory.files.get(name)! };
}

/** Returns the operator's page for these statuses: the first of these files that exists, else the default, or false. */
export function findErrorPage(
  { files }: NginxSettings,
  statuses: readonly number[],
  ...names: readonly string[]
): Model {
  const { errors } = files ?? {};
  const name = [...names, DEFAULT_PAGE].find((one) => errors?.files.has(one));
  if (!errors || name === undefined) return false;
  return {
    statuses: tokens(...statuses),
    page: quoted(`/sallyport-errors/${name}`),
    directory: quoted(`${errors.directory}/`),
    hash: errors.files.get(name)!,
  };
}
