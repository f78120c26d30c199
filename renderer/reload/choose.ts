import type { Log } from "../../shared/log.ts";
import type { ReloadRule, Target } from "../config.ts";
import type { Destination } from "../publish/destination.ts";
import type { ServerControl } from "../publish/server-control.ts";
import { Volume } from "../publish/volume.ts";
import { ReloadChannel } from "./channel.ts";
import { checkBy, ReloadCommand } from "./exec.ts";
import { ReloadSignal } from "./signal.ts";

/** A target's file, and how its server learns of it. */
export function destinationOf(target: Target, log: Log): Destination {
  return {
    volume: new Volume(target.destination, target),
    server: chooseControl(target, log),
    reload: JSON.stringify(target.reload),
  };
}

/** The way to reload that a target's configuration names. */
function chooseControl({ reload, check }: Pick<Target, "reload" | "check">, log: Log): ServerControl {
  if (reload === "none") return onlyCheck(check);
  if ("channel" in reload) return new ReloadChannel(reload.channel);
  if ("signal" in reload) return new ReloadSignal(reload.signal, check);
  return new ReloadCommand(reload.exec, check, reload.exec.logOutput ? log : undefined);
}

/** Nobody needs to be told: a file that others read by themselves. */
function onlyCheck(check: Target["check"]): ServerControl {
  return {
    check: async (candidate) => await checkBy(check, candidate),
    reload: async () => await Promise.resolve({ kind: "unchecked" }),
    onReady: () => () => undefined,
  };
}

/** For the log: which way it is. */
export function nameOf(reload: ReloadRule): string {
  return typeof reload === "string" ? reload : (Object.keys(reload)[0] ?? "none");
}
