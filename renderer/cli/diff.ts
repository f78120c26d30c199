import { readFileSync } from "node:fs";
import { createTwoFilesPatch } from "diff";
import type { Config } from "../config/schema.ts";
import type { CommandResult } from "./import.ts";
import { runRender } from "./render.ts";

/** Exit codes as diff(1) has them. */
const SAME = 0;
const DIFFERENT = 1;
const TROUBLE = 2;

/** What a pass would change in a target's file, as a unified diff; touches nothing. */
export async function runDiff(config: Config, words: readonly string[]): Promise<CommandResult> {
  const made = await runRender(config, words);
  if (made.exitCode !== 0) return { ...made, exitCode: TROUBLE };
  const destination = words[0] ?? config.targets[0]!.destination;
  if (destination === "-")
    return { stdout: "", stderr: "destination - is no file to compare with\n", exitCode: TROUBLE };
  const live = readLive(destination);
  if (typeof live !== "string") return { stdout: "", stderr: `${destination}: ${live.code}\n`, exitCode: TROUBLE };
  if (live === made.stdout) return { stdout: "", stderr: made.stderr, exitCode: SAME };
  const patch = createTwoFilesPatch(destination, destination, live, made.stdout, "live", "now", { context: 3 });
  return { stdout: patch, stderr: made.stderr, exitCode: DIFFERENT };
}

/** A file that is not there yet is as good as empty. */
function readLive(destination: string): string | { readonly code: string } {
  try {
    return readFileSync(destination, "utf8");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "" : { code };
  }
}
