import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, type programs } from "../../.ci/bundle.ts";
import { BackgroundProcess } from "./background-process.ts";
import { programPath } from "./program-path.ts";

/** Programs this process has built. */
const builds = new Map<string, Promise<unknown>>();

/**
 * Builds a program as its image does, once per process, and runs it from `directory`, where the agent's
 * unprivileged user can read it. Of the environment it receives only PATH, because the agent rejects variables
 * that could redirect it.
 */
export async function runProgram(
  program: (typeof programs)[number],
  directory: string,
  args: readonly string[],
): Promise<BackgroundProcess> {
  const build = builds.get(program) ?? bundle(program, { write: true });
  builds.set(program, build);
  await build;
  const file = join(directory, `${program}.cjs`);
  copyFileSync(`dist/${program}.cjs`, file);
  return new BackgroundProcess(program, process.execPath, [file, ...args], { env: { PATH: programPath() } });
}
