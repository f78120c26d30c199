import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { quoted } from "../shared/log.ts";
import type { AgentConfig } from "./config.ts";
import { defaultPolicy, parsePolicy, type Policy } from "./policy.ts";

/** Loads the effective policy: the file or the default. */
export function loadPolicy(config: AgentConfig): { policy: Policy; sha256: string } | { problems: string[] } {
  const policy = config.policy === undefined ? defaultPolicy() : readPolicy(config.policy);
  if ("problems" in policy) return policy;
  return { policy, sha256: createHash("sha256").update(JSON.stringify(policy)).digest("hex") };
}

function readPolicy(file: string): Policy | { problems: string[] } {
  try {
    const parsed = parsePolicy(readFileSync(file, "utf8"));
    return "problems" in parsed
      ? { problems: parsed.problems.map((problem) => `${quoted(file)}: ${problem}`) }
      : parsed;
  } catch (error) {
    return { problems: [`--policy ${quoted(file)}: cannot be read (${(error as NodeJS.ErrnoException).code})`] };
  }
}
