import type { Config } from "../config/schema.ts";
import { operatorFileProblems } from "../targets/operator-stores.ts";
import { templateProblems } from "../targets/template-problems.ts";
import { type CommandResult, EX_CONFIG, failed, printed } from "./result.ts";

/**
 * Compiles the templates of a valid configuration, and reads the operator's files that restrict access. Prints hints. Exit
 * code 78 with every error.
 */
export async function runCheck(config: Config): Promise<CommandResult> {
  const hints: string[] = [];
  const problems = await templateProblems(config, (hint) => hints.push(`hint: ${hint}\n`));
  const errors = [...problems, ...operatorFileProblems(config)];
  return errors.length > 0 ? failed(errors, EX_CONFIG) : printed(`${hints.join("")}ok\n`);
}
