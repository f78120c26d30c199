import type { FileDefaults } from "../config/file-defaults.ts";
import { parseConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { readText } from "../disk/read-text.ts";

/** Reads the configuration file. With `loadConfig` also tests whether its templates can be read. */
export function readConfig(
  file: string,
  defaults: FileDefaults,
  parse = parseConfig,
): Config | { readonly problems: readonly string[] } {
  const found = readText(file);
  return "problem" in found ? { problems: [`--config ${found.problem}`] } : parse(found.text, file, defaults);
}
