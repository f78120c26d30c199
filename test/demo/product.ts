import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, type programs } from "../../.ci/bundle.ts";
import { BackgroundProcess } from "./background-process.ts";
import { programPath } from "./program-path.ts";

/**
 * Builds a program as its image does and runs it from `directory`, where the unprivileged user that the
 * agent becomes can read it, wherever the sources are. Of our environment it gets only where programs
 * are: the agent refuses to start with variables that could make it talk to somebody else.
 */
export async function runProgram(
  program: (typeof programs)[number],
  directory: string,
  args: readonly string[],
): Promise<BackgroundProcess> {
  await bundle(program, { write: true });
  const file = join(directory, `${program}.cjs`);
  copyFileSync(`dist/${program}.cjs`, file);
  return new BackgroundProcess(program, process.execPath, [file, ...args], { env: { PATH: programPath() } });
}
