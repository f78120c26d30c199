import { type Config, parseConfig } from "../config/schema.ts";
import { unreadableTemplates } from "../config/template-files.ts";
import { readText } from "../disk/read-text.ts";
import { type CommandResult, EX_CONFIG, failed } from "./result.ts";

type Errors = { readonly problems: readonly string[] };

/** Reads the configuration file. */
export function readConfig(file: string): Config | Errors {
  const found = readText(file);
  return "problem" in found ? { problems: [`--config ${found.problem}`] } : parseConfig(found.text, file);
}

/** Reads the configuration file and tests whether its templates can be read. */
export function readConfigWithTemplates(file: string): Config | Errors {
  const config = readConfig(file);
  const found = readText(file);
  if ("problems" in config || "problem" in found) return config;
  const problems = unreadableTemplates(config, found.text, file);
  return problems.length > 0 ? { problems } : config;
}

/** Runs a command with a configuration, or prints the errors of the configuration. */
export async function withConfig(
  config: Config | Errors,
  command: (config: Config) => Promise<CommandResult>,
): Promise<CommandResult> {
  return "problems" in config ? failed(config.problems, EX_CONFIG) : await command(config);
}
