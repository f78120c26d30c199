import { parseArgs } from "node:util";
import { demoWithDocker, whyNotDocker } from "./docker-demo.ts";
import { demoEmbedded } from "./embedded-demo.ts";
import { say } from "./narration.ts";

const HELP = `npm run demo [-- OPTIONS]

With Docker: builds and starts compose.yml with three small apps, waits until they answer and prints commands to try.
Without Docker: shows the same on an embedded engine, with the shipped agent and renderer and, if installed, nginx.

  --embedded   use the embedded engine even if Docker is installed
  --no-nginx   use the embedded engine and show the generated configuration, as without nginx
  --once       run once and remove everything (default without a terminal, and when CI is set)
`;

/** sysexits.h: the command line is invalid. */
const EX_USAGE = 64;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined || options.help) {
    say(HELP);
    return options?.help ? 0 : EX_USAGE;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  const once = options.once || process.env["CI"] !== undefined || !(process.stdin.isTTY && process.stdout.isTTY);
  const reason = options.embedded || options["no-nginx"] ? "as requested" : await whyNotDocker();
  if (reason === undefined) return await demoWithDocker(once, stop.signal);
  return await demoEmbedded({ reason, once, withNginx: !options["no-nginx"] }, stop.signal);
}

function readOptions(
  args: string[],
): { embedded: boolean; once: boolean; help: boolean; "no-nginx": boolean } | undefined {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({ args, options: { embedded: flag, once: flag, help: flag, "no-nginx": flag } }).values;
  } catch (error) {
    say(`${(error as Error).message}\n`);
    return undefined;
  }
}

process.exitCode = await main();
