import { type AgentConfig, Options } from "../config.ts";

/** Output of `help` and `--help`. */
export const HELP = `Usage: sallyport-agent [COMMAND] [OPTIONS]

Commands:
  serve                      watch Docker and serve the RPC socket (default)
  health                     query the running agent; exit 0 if Docker is connected and the trail is complete
  policy check               validate the policy; log every problem and exit 78 if there is one
  policy explain CONTAINER   show what is disclosed of a container, and count what is withheld

Options of serve, health and policy:
${Object.entries(Options.shape).map(describeOption).join("\n")}

A separate program, sallyport-audit, verifies the audit trail.
`;

function describeOption([name, { def, description }]: [string, (typeof Options.shape)[keyof AgentConfig]]): string {
  const [placeholder, meaning] = description?.split("  ") ?? [];
  const fallback =
    "defaultValue" in def && typeof def.defaultValue === "string" ? ` (default: ${def.defaultValue})` : "";
  return `  ${`--${name} ${placeholder}`.padEnd(26)} ${meaning}${fallback}`;
}
