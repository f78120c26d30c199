import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { quoted } from "../shared/log.ts";
import type { AgentConfig } from "./config.ts";
import { defaultPolicy, parsePolicy, type Policy } from "./policy.ts";

/** Loads the effective policy: the file or the default, with the entries of the `--only-*` options. */
export function loadPolicy(config: AgentConfig): { policy: Policy; sha256: string } | { problems: string[] } {
  const read = config.policy === undefined ? defaultPolicy() : readPolicy(config.policy);
  if ("problems" in read) return read;
  const only = {
    projects: [...read.only.projects, ...config["only-project"]],
    networks: [...read.only.networks, ...config["only-network"]],
    labels: [...read.only.labels, ...config["only-label"]],
  };
  const policy = Object.freeze({ ...read, only });
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
