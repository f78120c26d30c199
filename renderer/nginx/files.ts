import { createHash } from "node:crypto";
import { type Model, Verbatim } from "../template/model.ts";
import { ABSENT, applied, type Guard, unusable } from "./guard.ts";
import { type FileDirectory, type OperatorFile, RELEASE } from "./operator-files/directory.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted, tokens } from "./text.ts";

/** The error page for hosts that have none of their own. */
const DEFAULT_PAGE = "50x.html";

/** A file as the template prints it. `hash` changes with the contents, so that a change causes a reload. */
type FileModel = { readonly path: Model; readonly include: Model; readonly hash: string };

export interface AppliedFile extends Pick<OperatorFile, "directives" | "settings"> {
  readonly model: FileModel;
  readonly name: string;
}

/** Returns the name of a host's files: the host name, or the SHA-1 of a regular expression. */
export function nameForFiles(host: string): string {
  return host.startsWith("~") ? createHash("sha1").update(host).digest("hex") : host.replace(/^\[(.*)\]$/, "$1");
}

/** Returns the first of these files that exists or that is lost: one that cannot be applied never counts as absent. */
export function findFile(found: FileDirectory | undefined, names: readonly string[]): Guard<AppliedFile> {
  if (!found) return ABSENT;
  const { directory, files, fault, lost } = found;
  if (fault) return { kind: "unusable", fault };
  const name = names.find((one) => files.has(one) || lost?.has(one));
  if (name === undefined) return ABSENT;
  const file = files.get(name);
  const path = `${directory}/${file?.name ?? name}`;
  if (file?.fault) return { kind: "unusable", fault: { where: path, ...file.fault } };
  if (!file || lost?.has(name)) {
    const problem = file
      ? "it is empty, and it restricted access before"
      : "the file is missing, and it restricted access";
    return unusable(path, problem, `restore it, or create ${path}${RELEASE} to remove the restriction`);
  }
  // `include` expands a *, other directives do not.
  const pattern = path.includes("*") ? new Verbatim(path.replaceAll("*", "\\*")) : quoted(path);
  const model = { path: quoted(path), include: pattern, hash: file.hash };
  const { directives, settings } = file;
  return applied({ model, name: file.name, ...(directives && { directives }), ...(settings && { settings }) });
}

/** Returns the file as the template prints it, or false. */
export function fileModel(guard: Guard<AppliedFile>): false | FileModel {
  return guard.kind === "applied" && guard.value.model;
}

/** Returns the operator's page for these statuses: the first of these files that exists, else the default, or false. */
export function findErrorPage(
  { files }: NginxSettings,
  statuses: readonly number[],
  ...names: readonly string[]
): Model {
  const { errors } = files ?? {};
  const pages = [...names, DEFAULT_PAGE].map((name) => errors?.files.get(name));
  const page = pages.find((one) => one !== undefined && !one.fault);
  if (!errors || !page) return false;
  return {
    statuses: tokens(...statuses),
    page: quoted(`/sallyport-errors/${page.name}`),
    directory: quoted(`${errors.directory}/`),
    hash: page.hash,
  };
}
