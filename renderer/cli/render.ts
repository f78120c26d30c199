import type { Config, TargetConfig } from "../config/schema.ts";
import { nearest } from "../../shared/nearest.ts";
import { printable } from "../status/printable.ts";
import { removeOutput } from "../reload/standard-output.ts";
import { loadGroups } from "../targets/load-groups.ts";
import { undisclosedNames } from "../targets/undisclosed-names.ts";
import { collectInventory } from "./collect-inventory.ts";
import { type CommandResult, EX_CONFIG, EX_USAGE, failed } from "./result.ts";

/** Prints the file of a target as it would be published now. Changes nothing. */
export async function runRender(config: Config, destination?: string): Promise<CommandResult> {
  const found = config.targets.filter((target) => destination === undefined || target.destination === destination);
  const [target] = found;
  if (target && found.length === 1) return await printTarget(config, target);
  const destinations = config.targets.map((one) => one.destination);
  const near = target ? undefined : nearest(destination ?? "", destinations);
  const what =
    destination === undefined ? "several targets" : `no target with destination ${JSON.stringify(destination)}`;
  const hint = near === undefined ? `name one of ${destinations.join(", ")}` : `did you mean ${near}?`;
  return failed(`render: ${what}; ${hint}`, EX_USAGE);
}

/** Renders this target's file. Quarantined containers are listed on stderr. */
export async function printTarget(config: Config, target: TargetConfig): Promise<CommandResult> {
  const alone = { ...config, targets: [{ ...target, transaction: undefined }] };
  const groups = await loadGroups(alone, { log: () => undefined });
  if ("problems" in groups) return failed(groups.problems, EX_CONFIG);
  const [group] = groups;
  try {
    const error = await collectInventory(config, (change) => group!.apply(change, false));
    if (error !== undefined) return failed(error, 1);
    group!.apply({ upserted: [], gone: [] }, true);
    const next = await group!.next();
    if (next?.kind !== "revision") return failed(next?.kind === "blocked" ? next.reason : (next?.error ?? ""), 1);
    const [status] = group!.statuses;
    const quarantined = (status?.quarantined ?? []).map(
      ({ container, reason }) => `container ${printable(container)} is quarantined: ${printable(reason)}\n`,
    );
    const known = status?.rendered ?? [];
    const hints = target.kind === "template" ? undisclosedNames(target, known) : [];
    const stderr = [...quarantined, ...hints.map((one) => `hint: ${printable(one)}\n`)].join("");
    return { stdout: next.files[0]!.bytes.toString("utf8"), stderr, exitCode: 0 };
  } finally {
    await group!.stop();
    for (const volume of group!.outputs) removeOutput(volume);
  }
}
