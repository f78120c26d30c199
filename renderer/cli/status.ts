import type { Config } from "../config/schema.ts";
import { faultsOfRenderer } from "../status/attention.ts";
import { explain } from "../status/explain.ts";
import { parseHost } from "../routes/grammar.ts";
import { quoted } from "../../shared/log.ts";
import { printReport } from "../status/print.ts";
import { printable } from "../status/printable.ts";
import { askMaintenance, askRelease, askStatus } from "../status/socket.ts";
import { type CommandResult, EX_USAGE, failed, printed } from "./result.ts";

/** Prints the status of a running renderer. Exit code 1 if something needs attention. */
export async function runStatus(config: Config, { json = false }: { json?: boolean }): Promise<CommandResult> {
  return await answered(config, askStatus, (report) =>
    printed(
      `${json ? JSON.stringify(report, undefined, 2) : printReport(report)}\n`,
      report.attention.length > 0 ? 1 : 0,
    ),
  );
}

/** Explains how a host or container is routed. Exit code 1 if it is not. */
export async function runExplain(config: Config, name: string): Promise<CommandResult> {
  return await answered(config, askStatus, (report) => {
    const { text, isRouted } = explain(report, name);
    return printed(`${text}\n`, isRouted ? 0 : 1);
  });
}

/** Ends the lease of a host name, so that others may request it. Exit code 1 if the name has no recorded owner. */
export async function runRelease(
  config: Config,
  host: string | undefined,
  { all = false }: { all?: boolean },
): Promise<CommandResult> {
  if ((host === undefined) !== all) return failed("release: requires a host name, or --all", EX_USAGE);
  const name = host?.trim().toLowerCase();
  const ask = async (path: string): Promise<string | undefined> => await askRelease(path, name);
  return await answered(config, ask, (owner) => {
    if (name === undefined) return printed("released all host names\n");
    if (owner === undefined) return failed(`release: ${printable(name)} has no recorded owner; see \`status\``, 1);
    return printed(`released ${printable(name)}, which belonged to ${printable(owner)}\n`);
  });
}

/** Puts a host name under maintenance, or ends it. Exit code 1 if nothing changed. */
export async function runMaintenance(config: Config, host: string, state: string): Promise<CommandResult> {
  const parsed = parseHost(host, true);
  if (parsed.kind !== "ok") return failed(`maintenance: ${quoted(host)} is not a host name`, EX_USAGE);
  if (state !== "on" && state !== "off") return failed(`maintenance: ${quoted(state)} is neither on nor off`, EX_USAGE);
  const isOn = state === "on";
  const ask = async (path: string): Promise<boolean> => await askMaintenance(path, parsed.value, isOn);
  return await answered(config, ask, (isChanged) => {
    if (!isChanged) return failed(`maintenance: ${parsed.value} is ${isOn ? "already" : "not"} under maintenance`, 1);
    const text = isOn ? `returns 503 until \`maintenance ${parsed.value} off\`` : "is served";
    return printed(`${parsed.value} ${text}\n`);
  });
}

/** Exit code 0 if a running renderer responds and reports no error of its own work: all files live, all agents connected. */
export async function runHealth(config: Config): Promise<CommandResult> {
  return await answered(config, askStatus, (report) => {
    const faults = faultsOfRenderer(report).map(({ text }) => printable(text));
    return faults.length > 0 ? failed(faults, 1) : printed("ok\n");
  });
}

/** Asks the running renderer, and passes on its answer. */
async function answered<T>(
  { statusSocket }: Config,
  ask: (path: string) => Promise<T>,
  command: (answer: T) => CommandResult,
): Promise<CommandResult> {
  const answer = await ask(statusSocket).catch((error: NodeJS.ErrnoException) => error);
  if (!(answer instanceof Error)) return command(answer);
  const { code = "invalid response" } = answer;
  return failed(`${statusSocket}: no renderer responds (${code}); start the renderer or correct \`statusSocket\``, 1);
}
