/**
 * Result of a command: text for standard output or a failure for standard error, with the exit code; or
 * configuration errors, which a retry cannot fix.
 */
export type CommandResult =
  | { readonly output: string; readonly exitCode: number }
  | { readonly failure: string; readonly exitCode: number }
  | { readonly problems: readonly string[] };
