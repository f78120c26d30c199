import { VARIABLES } from "./settings.ts";

/** Help of the program: it takes its settings from the environment. */
export const ACME_HELP = `Usage: sallyport-acme [run | health]

Gets and renews the certificates that the renderer lists, by dehydrated. SIGHUP tries again what failed, without waiting.

Variables:
${Object.entries(VARIABLES)
  .map(
    ([name, [fallback, meaning]]) =>
      `  ${name.padEnd(28)} ${meaning}${fallback === "" ? "" : ` (default: ${fallback})`}`,
  )
  .join("\n")}
`;
