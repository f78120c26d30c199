import type { FileDefaults } from "../config/file-defaults.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { readText } from "../disk/read-text.ts";

type Errors = { readonly problems: readonly string[] };

/** Reads the configuration file. */
export function readConfig(file: string, defaults: FileDefaults): Config | Errors {
  return readWith(parseConfig, file, defaults);
}

/** Reads the configuration file and tests whether its templates can be read. */
export function readConfigWithTemplates(file: string, defaults: FileDefaults): Config | Errors {
  return readWith(loadConfig, file, defaults);
}

function readWith(parse: typeof parseConfig, file: string, defaults: FileDefaults): Config | Errors {
  const found = readText(file);
  return "problem" in found ? { problems: [`--config ${found.problem}`] } : parse(found.text, file, defaults);
}
