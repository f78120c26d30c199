import { readdirSync, readFileSync } from "node:fs";

/** Lines of own code, without comments and blanks, that a folder may have; and what it is for. */
const budgets = [
  { folder: "agent", limit: 2_400 },
  { folder: "shared", limit: 400 },
] as const;

/** Of the agent's files those that only commands of people use; the rest serves. */
const OFFLINE = ["ask.ts", "audit-report.ts", "audit-verify.ts", "policy-explain.ts"];

/** Lines that are neither blank nor comment. Our style has comments on lines of their own. */
function codeLines(file: string): number {
  const withoutBlocks = readFileSync(file, "utf8").replace(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, "");
  return withoutBlocks.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

for (const { folder, limit } of budgets) {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const lines = files.reduce((sum, name) => sum + codeLines(`${folder}/${name}`), 0);
  process.stdout.write(`${folder}/: ${lines} lines of code in ${files.length} files, at most ${limit}\n`);
  if (lines > limit) process.exitCode = 1;
}

const serving = readdirSync("agent").filter((name) => name.endsWith(".ts") && !OFFLINE.includes(name));
const lines = serving.reduce((sum, name) => sum + codeLines(`agent/${name}`), 0);
process.stdout.write(`agent/: ${lines} of them serve, the rest are commands for people\n`);
