import type { Config, Target } from "../config/schema.ts";
import { nearest } from "../../shared/nearest.ts";
import { printable } from "../status/printable.ts";
import { removeOutput } from "../reload/standard-output.ts";
import { loadGroups } from "../targets/load-groups.ts";
import { hear } from "./collect-inventory.ts";
import type { CommandResult } from "./import.ts";

/** Prints what a target's file would be now, and touches nothing. Exit 1 with the reason when that cannot be said. */
export async function runRender(config: Config, [destination, ...more]: readonly string[]): Promise<CommandResult> {
  const named = config.targets.filter((target) => destination === undefined || target.destination === destination);
  const [target] = named;
  if (target === undefined || named.length > 1 || more.length > 0) {
    const list = config.targets.map((one) => one.destination);
    const near = target === undefined ? nearest(destination ?? "", list) : undefined;
    const advice = near === undefined ? `name one of ${list.join(", ")}` : `did you mean ${near}?`;
    const what = [destination, ...more].join(" ");
    const fault = what === "" ? "there are several targets" : `${what}: not the destination of one target`;
    return failed(`${fault}: ${advice}`, 64);
  }
  return await printTarget(config, target);
}

/** Renders this target's file. Quarantined containers are listed on stderr. */
export async function printTarget(config: Config, target: Target): Promise<CommandResult> {
  const alone = { ...config, targets: [{ ...target, transaction: undefined }] };
  const groups = await loadGroups(alone, { log: () => undefined });
  if ("problems" in groups) return failed(groups.problems.join("\n"), 78);
  const [group] = groups;
  try {
    const silent = await hear(config, (change) => group!.apply(change, false));
    if (silent !== undefined) return failed(silent, 1);
    group!.apply({ upserted: [], gone: [] }, true);
    const next = await group!.next();
    if (next?.kind !== "revision") return failed(next?.kind === "blocked" ? next.reason : (next?.error ?? ""), 1);
    const [status] = group!.statuses;
    const quarantined = (status?.quarantined ?? []).map(
      ({ name, detail }) => `container ${printable(name)} is quarantined: ${printable(detail)}\n`,
    );
    return { stdout: next.files[0]!.bytes.toString("utf8"), stderr: quarantined.join(""), exitCode: 0 };
  } finally {
    await group!.stop();
    for (const volume of group!.outputs) removeOutput(volume);
  }
}

function failed(problem: string, exitCode: number): CommandResult {
  return { stdout: "", stderr: `${problem}\n`, exitCode };
}
