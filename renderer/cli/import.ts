import { readText } from "../disk/read-text.ts";
import { importCommandLine, importFiles } from "../import/docker-gen/import.ts";
import type { Note } from "../import/note.ts";
import { sentence } from "../import/print.ts";
import { type CommandResult, EX_DATAERR, failed, printed } from "./result.ts";

/**
 * Prints the configuration, or the agent's policy, for docker-gen's files or, if given, its command line. Exit code 1 if something is not
 * imported; standard error names it. Exit code 65 if the input is not docker-gen's.
 */
export function runImport(
  files: readonly string[],
  commandLine: readonly string[] | undefined,
  directory: string,
  { policy: isPolicy = false }: { readonly policy?: boolean } = {},
): CommandResult {
  const context = { directory, read: readText };
  const imported = commandLine ? importCommandLine(commandLine, context) : importFiles(files, context);
  if (imported.kind === "failed") return failed(imported.problems, EX_DATAERR);
  return printedImport(imported, isPolicy);
}

/** Prints the configuration and its notes, or the policy. Exit code 1 if something is not imported. */
export function printedImport(
  { yaml, policy, notes }: { readonly yaml: string; readonly policy: string; readonly notes: readonly Note[] },
  isPolicy: boolean,
): CommandResult {
  // The notes are printed with the configuration.
  if (isPolicy) return printed(policy);
  const exitCode = notes.some(({ kind }) => kind === "skipped") ? 1 : 0;
  return { ...failed(notes.map(sentence), exitCode), stdout: yaml };
}
