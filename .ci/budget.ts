import { readdirSync, readFileSync } from "node:fs";

/** Maximum number of lines of code, without comments and blank lines, in an area. Lowered when the area shrinks. */
const budgets = [
  { area: "the agent's bundle", isIn: isBundled, limit: 3_023 },
  { area: "agent/swarm/, used with --swarm only", isIn: (path: string) => path.startsWith("agent/swarm/"), limit: 480 },
  // Commands on the command line run in short-lived processes, not in the agent that serves.
  { area: "the agent's bundle without commands", isIn: serves, limit: 2_909 },
  { area: "agent/audit/, a program of its own", isIn: (path: string) => path.startsWith("agent/audit/"), limit: 521 },
  { area: "shared/", isIn: (path: string) => path.startsWith("shared/"), limit: 459 },
];

function isBundled(path: string): boolean {
  return path.startsWith("agent/") && !path.startsWith("agent/audit/") && !path.startsWith("agent/swarm/");
}

function serves(path: string): boolean {
  return isBundled(path) && !path.startsWith("agent/commands/");
}

/** Counts the lines that are neither blank nor a comment. Comments have their own lines. */
function codeLines(file: string): number {
  const withoutBlocks = readFileSync(file, "utf8").replace(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, "");
  return withoutBlocks.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

const paths = ["agent", "shared"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
);
for (const { area, isIn, limit } of budgets) {
  const files = paths.filter((path) => path.endsWith(".ts") && isIn(path));
  const lines = files.reduce((sum, path) => sum + codeLines(path), 0);
  process.stdout.write(`${area}: ${lines} lines of code in ${files.length} files, at most ${limit}\n`);
  if (lines > limit) process.exitCode = 1;
}
