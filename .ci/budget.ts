import { readdirSync, readFileSync } from "node:fs";

/** Lines of own code, without comments and blanks, that an area may have. A limit is lowered when the area shrinks. */
const budgets = [
  { area: "agent/", isIn: (path: string) => path.startsWith("agent/"), limit: 2_140 },
  // Commands of people never run in the process that holds the socket for long.
  { area: "agent/ without commands/", isIn: serves, limit: 1_818 },
  { area: "shared/", isIn: (path: string) => path.startsWith("shared/"), limit: 296 },
];

function serves(path: string): boolean {
  return path.startsWith("agent/") && !path.startsWith("agent/commands/");
}

/** Lines that are neither blank nor comment. Our style has comments on lines of their own. */
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
