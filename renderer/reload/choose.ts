import type { Log } from "../../shared/log.ts";
import type { ReloadRule } from "../config/reload.ts";
import type { TargetConfig } from "../config/schema.ts";
import type { Destination } from "../publish/destination.ts";
import type { ServerControl } from "../publish/server-control.ts";
import { Volume } from "../publish/volume.ts";
import { ReloadChannel } from "./channel.ts";
import { checkBy, ReloadCommand } from "./exec.ts";
import { ReloadSignal } from "./signal.ts";
import { printer, volumeOfOutput } from "./standard-output.ts";
import { ReloadTogether } from "./together.ts";

/** Returns a target's file and the reload method of its server. */
export function destinationOf(target: TargetConfig, log: Log): Destination {
  if (target.destination === "-") return printedFor(target, log);
  return {
    volume: new Volume(target.destination, target),
    server: chooseControl(target, log),
    reload: JSON.stringify(target.reload),
  };
}

/** Standard output: printed first, then the server is reloaded. */
function printedFor(target: TargetConfig, log: Log): Destination {
  const volume = volumeOfOutput();
  const server = new ReloadTogether([printer(volume), chooseControl(target, log)]);
  return { volume, server, reload: `- ${JSON.stringify(target.reload)}` };
}

function chooseControl({ reload, check }: Pick<TargetConfig, "reload" | "check">, log: Log): ServerControl {
  if (reload === "none") return onlyCheck(check);
  if (Array.isArray(reload)) return chooseAll(reload, check, log);
  return chooseOne(reload, check, log);
}

type OneRule = Extract<ReloadRule, readonly unknown[]>[number];

/** The first method that is not a channel runs the check; a channel has a check of its own. */
function chooseAll(rules: readonly OneRule[], check: TargetConfig["check"], log: Log): ServerControl {
  const checker = rules.find((rule) => !("channel" in rule));
  return new ReloadTogether(rules.map((rule) => chooseOne(rule, rule === checker ? check : undefined, log)));
}

function chooseOne(reload: OneRule, check: TargetConfig["check"], log: Log): ServerControl {
  if ("channel" in reload) return new ReloadChannel(reload.channel);
  if ("signal" in reload) return new ReloadSignal(reload.signal, check);
  return new ReloadCommand(reload.exec, check, reload.exec.logOutput ? log : undefined);
}

/** For a file whose reader needs no reload. */
function onlyCheck(check: TargetConfig["check"]): ServerControl {
  return {
    check: async (candidate) => await checkBy(check, candidate),
    reload: async () => await Promise.resolve({ kind: "unchecked" }),
    onReady: () => () => undefined,
  };
}

export function nameOf(reload: ReloadRule): string {
  if (typeof reload === "string") return reload;
  const all: readonly object[] = Array.isArray(reload) ? reload : [reload];
  return all.map((rule) => Object.keys(rule)[0]).join(", ");
}
