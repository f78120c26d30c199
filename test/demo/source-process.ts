import { fileURLToPath } from "node:url";
import { BackgroundProcess } from "./background-process.ts";
import { programPath } from "./program-path.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs one of the product's programs from its sources. Of our environment it gets only where programs
 * are: the agent refuses to start with variables that could make it talk to somebody else.
 */
export function runSource(name: string, main: string, args: readonly string[]): BackgroundProcess {
  const options = { cwd: root, env: { PATH: programPath() } };
  return new BackgroundProcess(name, process.execPath, ["--import", "tsx", main, ...args], options);
}
