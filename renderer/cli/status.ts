import type { Config } from "../config/schema.ts";
import { explain } from "../status/explain.ts";
import { printReport } from "../status/print.ts";
import { isFine, type Report } from "../status/report.ts";
import { askStatus } from "../status/socket.ts";
import { type CommandResult, failed, printed } from "./result.ts";

/** Prints the status of a running renderer. Exit code 1 if something needs attention. */
export async function runStatus(config: Config, { json = false }: { json?: boolean }): Promise<CommandResult> {
  return await withReport(config, (report) =>
    printed(`${json ? JSON.stringify(report, undefined, 2) : printReport(report)}\n`, isFine(report) ? 0 : 1),
  );
}

/** Explains how a host or container is routed. Exit code 1 if it is not. */
export async function runExplain(config: Config, name: string): Promise<CommandResult> {
  return await withReport(config, (report) => {
    const { text, isRouted } = explain(report, name);
    return printed(`${text}\n`, isRouted ? 0 : 1);
  });
}

/** Exit code 0 if a running renderer responds. */
export async function runHealth(config: Config): Promise<CommandResult> {
  return await withReport(config, () => printed("ok\n"));
}

async function withReport(
  { statusSocket }: Config,
  command: (report: Report) => CommandResult,
): Promise<CommandResult> {
  const report = await askStatus(statusSocket).catch((error: NodeJS.ErrnoException) => error);
  if (!(report instanceof Error)) return command(report);
  const { code = "invalid report" } = report;
  return failed(`${statusSocket}: no renderer responds (${code}); start the renderer or correct \`statusSocket\``, 1);
}
