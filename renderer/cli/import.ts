import { readText as readFile } from "../disk/read-text.ts";
import { importCommandLine, importFiles } from "../import/docker-gen/import.ts";
import { sentence } from "../import/docker-gen/print.ts";
import type { ReadText } from "../import/docker-gen/read-text.ts";
import { type CommandResult, EX_DATAERR, failed } from "./result.ts";

/**
 * Prints the configuration for docker-gen's files or, if given, its command line. Exit code 1 if something is not
 * imported; standard error names it. Exit code 65 if the input is not docker-gen's.
 */
export function runImport(
  files: readonly string[],
  commandLine: readonly string[] | undefined,
  directory: string,
): CommandResult {
  const imported = commandLine
    ? importCommandLine(commandLine, directory, readText)
    : importFiles(files, directory, readText);
  if (imported.kind === "failed") return failed(imported.problems, EX_DATAERR);
  const { yaml, notes } = imported;
  const exitCode = notes.some(({ kind }) => kind === "left out") ? 1 : 0;
  return { ...failed(notes.map(sentence), exitCode), stdout: yaml };
}

export const readText: ReadText = (file) => {
  const found = readFile(file);
  return "text" in found ? found.text : found;
};
