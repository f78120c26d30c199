/**
 * What a command says when it is over: a text for standard output, or a failure for standard error, with
 * the exit code; or what is wrong with how it was called, which trying again will not help.
 */
export type Answer =
  | { readonly text: string; readonly exitCode: number }
  | { readonly failure: string; readonly exitCode: number }
  | { readonly problems: readonly string[] };
