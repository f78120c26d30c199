import { importCommandLine, importFiles } from "../import/docker-gen/import.ts";
import { sentence } from "../import/docker-gen/print.ts";
import type { ReadText } from "../import/docker-gen/read-text.ts";
import { readText as readFile } from "../disk/read-text.ts";

/** What a command wants to say and end with. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const USAGE = `sallyport-renderer import FILE.toml…
sallyport-renderer import -- [NAME=value…] docker-gen [flags] template [dest]
`;

/** Exit 0: all of it is in the configuration. 1: something was left out, and said. 65: it is not docker-gen's. */
export function runImport(words: readonly string[], directory: string): CommandResult {
  const [first] = words;
  if (first === undefined || (first !== "--" && words.some((word) => word.startsWith("-")))) {
    return { stdout: "", stderr: USAGE, exitCode: first === "--help" ? 0 : 64 };
  }
  const imported =
    first === "--" ? importCommandLine(words.slice(1), directory, readText) : importFiles(words, directory, readText);
  if (imported.kind === "failed") {
    return { stdout: "", stderr: imported.problems.map((problem) => `${problem}\n`).join(""), exitCode: 65 };
  }
  const { yaml, notes } = imported;
  const stderr = notes.map((note) => `${sentence(note)}\n`).join("");
  return { stdout: yaml, stderr, exitCode: notes.some(({ kind }) => kind === "left out") ? 1 : 0 };
}

export const readText: ReadText = (file) => {
  const found = readFile(file);
  return "text" in found ? found.text : found;
};
