import { readText } from "../disk/read-text.ts";
import { importCommandLine, importFiles } from "../import/docker-gen/import.ts";
import { sentence } from "../import/print.ts";
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
  const context = { directory, read: readText };
  const imported = commandLine ? importCommandLine(commandLine, context) : importFiles(files, context);
  if (imported.kind === "failed") return failed(imported.problems, EX_DATAERR);
  const { yaml, notes } = imported;
  const exitCode = notes.some(({ kind }) => kind === "skipped") ? 1 : 0;
  return { ...failed(notes.map(sentence), exitCode), stdout: yaml };
}
