import { VARIABLES } from "./settings.ts";

/** Help of the program: it takes its settings from the environment. */
export const ACME_HELP = `Usage: sallyport-acme [COMMAND]

Gets and renews the certificates that the renderer lists. It runs dehydrated, an ACME client.

Commands:
  run                          follow the list until SIGTERM; SIGHUP retries failed certificates at once (default)
  health                       exit 0 if the running client worked within the last 20 minutes, otherwise 1

Variables:
${Object.entries(VARIABLES)
  .map(
    ([name, [fallback, meaning]]) =>
      `  ${name.padEnd(28)} ${meaning}${fallback === "" ? "" : ` (default: ${fallback})`}`,
  )
  .join("\n")}
`;
