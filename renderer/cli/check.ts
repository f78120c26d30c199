import type { Config } from "../config/schema.ts";
import { templateProblems } from "../targets/template-problems.ts";
import { type CommandResult, EX_CONFIG, failed, printed } from "./result.ts";

/** Compiles the templates of a valid configuration. Prints hints. Exit code 78 with every error. */
export async function runCheck(config: Config): Promise<CommandResult> {
  const hints: string[] = [];
  const errors = await templateProblems(config, (hint) => hints.push(`hint: ${hint}\n`));
  return errors.length > 0 ? failed(errors, EX_CONFIG) : printed(`${hints.join("")}ok\n`);
}
