import type { Config } from "../config/schema.ts";
import { faultsOfRenderer } from "../status/attention.ts";
import { explain } from "../status/explain.ts";
import { parseHost } from "../routes/grammar.ts";
import { quoted } from "../../shared/log.ts";
import { printReport } from "../status/print.ts";
import type { Report } from "../status/report.ts";
import { printable } from "../status/printable.ts";
import { askMaintenance, askRelease, askStatus } from "../status/socket.ts";
import { type CommandResult, EX_USAGE, failed, printed } from "./result.ts";

/** Prints the status of a running renderer. Exit code 1 if something needs attention. */
export async function runStatus(config: Config, { json = false }: { json?: boolean }): Promise<CommandResult> {
  return await withReport(config, (report) =>
    printed(
      `${json ? JSON.stringify(report, undefined, 2) : printReport(report)}\n`,
      report.attention.length > 0 ? 1 : 0,
    ),
  );
}

/** Explains how a host or container is routed. Exit code 1 if it is not. */
export async function runExplain(config: Config, name: string): Promise<CommandResult> {
  return await withReport(config, (report) => {
    const { text, isRouted } = explain(report, name);
    return printed(`${text}\n`, isRouted ? 0 : 1);
  });
}

/** Ends the lease of a host name, so that others may request it. Exit code 1 if the name has no recorded owner. */
export async function runRelease(
  { statusSocket }: Config,
  host: string | undefined,
  { all = false }: { all?: boolean },
): Promise<CommandResult> {
  if ((host === undefined) !== all) return failed("release: requires a host name, or --all", EX_USAGE);
  const name = host?.trim().toLowerCase();
  const owner = await askRelease(statusSocket, name).catch((error: NodeJS.ErrnoException) => error);
  if (owner instanceof Error) return unreachable(statusSocket, owner);
  if (name === undefined) return printed("released all host names\n");
  if (owner === undefined) return failed(`release: ${printable(name)} has no recorded owner; see \`status\``, 1);
  return printed(`released ${printable(name)}, which belonged to ${printable(owner)}\n`);
}

/** Puts a host name under maintenance, or ends it. Exit code 1 if nothing changed. */
export async function runMaintenance({ statusSocket }: Config, host: string, state: string): Promise<CommandResult> {
  const parsed = parseHost(host, true);
  if (parsed.kind !== "ok") return failed(`maintenance: ${quoted(host)} is not a host name`, EX_USAGE);
  if (state !== "on" && state !== "off") return failed(`maintenance: ${quoted(state)} is neither on nor off`, EX_USAGE);
  const isOn = state === "on";
  const isChanged = await askMaintenance(statusSocket, parsed.value, isOn).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (isChanged instanceof Error) return unreachable(statusSocket, isChanged);
  if (!isChanged) return failed(`maintenance: ${parsed.value} is ${isOn ? "already" : "not"} under maintenance`, 1);
  return printed(
    isOn ? `${parsed.value} returns 503 until \`maintenance ${parsed.value} off\`\n` : `${parsed.value} is served\n`,
  );
}

/** Exit code 0 if a running renderer responds and reports no error of its own work: all files live, all agents connected. */
export async function runHealth(config: Config): Promise<CommandResult> {
  return await withReport(config, (report) => {
    const faults = faultsOfRenderer(report).map(({ text }) => printable(text));
    return faults.length > 0 ? failed(faults, 1) : printed("ok\n");
  });
}

async function withReport(
  { statusSocket }: Config,
  command: (report: Report) => CommandResult,
): Promise<CommandResult> {
  const report = await askStatus(statusSocket).catch((error: NodeJS.ErrnoException) => error);
  return report instanceof Error ? unreachable(statusSocket, report) : command(report);
}

function unreachable(statusSocket: string, { code = "invalid response" }: NodeJS.ErrnoException): CommandResult {
  return failed(`${statusSocket}: no renderer responds (${code}); start the renderer or correct \`statusSocket\``, 1);
}
