import { readFileSync } from "node:fs";
import { createTwoFilesPatch } from "diff";
import type { Config } from "../config/schema.ts";
import { runRender } from "./render.ts";
import { type CommandResult, failed, printed } from "./result.ts";

/** Exit codes of diff(1). */
const SAME = 0;
const DIFFERENT = 1;
const TROUBLE = 2;

/** Prints what would change in a target's file as a unified diff. Changes nothing. */
export async function runDiff(config: Config, destination?: string): Promise<CommandResult> {
  const rendered = await runRender(config, destination);
  if (rendered.exitCode !== 0) return { ...rendered, exitCode: TROUBLE };
  const file = destination ?? config.targets[0]!.destination;
  if (file === "-") return failed("-: standard output cannot be compared; name a file", TROUBLE);
  const live = readLive(file);
  if (typeof live !== "string")
    return failed(`${file}: ${live.code}, cannot be read; run the command as the renderer's user`, TROUBLE);
  if (live === rendered.stdout) return { ...rendered, stdout: "", exitCode: SAME };
  const patch = createTwoFilesPatch(file, file, live, rendered.stdout, "live", "now", { context: 3 });
  return { ...printed(patch, DIFFERENT), stderr: rendered.stderr };
}

/** A missing file counts as empty. */
function readLive(file: string): string | { readonly code: string } {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "" : { code };
  }
}
