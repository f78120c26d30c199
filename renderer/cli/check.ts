import type { Config } from "../config/schema.ts";
import { templateProblems } from "../targets/template-problems.ts";
import { type CommandResult, EX_CONFIG, failed, printed } from "./result.ts";

/** Compiles the templates of a valid configuration. Exit code 78 with every error. */
export async function runCheck(config: Config): Promise<CommandResult> {
  const errors = await templateProblems(config);
  return errors.length > 0 ? failed(errors, EX_CONFIG) : printed("ok\n");
}
