import type { Model } from "../template/model.ts";
import { findFile } from "./files.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted } from "./text.ts";

/** Everybody's page, for when there is nobody to answer. */
const EVERYBODYS = "50x.html";

/** The operator's page for when nobody answers: the first of these that is there, else everybody's; false without any. */
export function errorPages({ files }: NginxSettings, ...names: readonly string[]): Model {
  const { errors } = files ?? {};
  const name = [...names, EVERYBODYS].find((one) => errors?.files.has(one));
  const found = name !== undefined && findFile(errors, [name]);
  if (!errors || !found) return false;
  return {
    page: quoted(`/sallyport-errors/${name}`),
    directory: quoted(`${errors.directory}/`),
    about: found["about"]!,
  };
}
