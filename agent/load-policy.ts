import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AgentConfig } from "./config.ts";
import { defaultPolicy, parsePolicy, type Policy } from "./policy.ts";

/** The policy in force: the file's (or the default), narrowed by the command line's `--only-*`. */
export function loadPolicy(config: AgentConfig): { policy: Policy; sha256: string } | { problems: string[] } {
  const read = config.policyFile === undefined ? defaultPolicy() : readPolicy(config.policyFile);
  if ("problems" in read) return read;
  const only = {
    projects: [...read.only.projects, ...config.only.projects],
    networks: [...read.only.networks, ...config.only.networks],
    labels: [...read.only.labels, ...config.only.labels],
  };
  const policy = Object.freeze({ ...read, only });
  return { policy, sha256: createHash("sha256").update(JSON.stringify(policy)).digest("hex") };
}

function readPolicy(file: string): Policy | { problems: string[] } {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    return { problems: [`--policy ${file}: ${(error as NodeJS.ErrnoException).code}, cannot be read`] };
  }
  const parsed = parsePolicy(content);
  return "problems" in parsed ? { problems: parsed.problems.map((problem) => `${file}: ${problem}`) } : parsed;
}
