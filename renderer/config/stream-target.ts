import { basename, dirname, join } from "node:path";
import type { NginxTargetConfig } from "./nginx-target.ts";
import type { TargetConfig } from "./schema.ts";

/** Returns the targets, each followed by that of its `streams`. */
export function withStreamTargets(targets: readonly TargetConfig[]): TargetConfig[] {
  return targets.flatMap((target) => {
    const added = target.kind === "nginx" ? streamTargetOf(target) : undefined;
    return added ? [target, added] : [target];
  });
}

/** Returns the target that renders the streams of a target; undefined without `streams`. It has the target's other settings. */
function streamTargetOf(target: NginxTargetConfig): NginxTargetConfig | undefined {
  const { streams, template, destination, routing, nginx } = target;
  if (!streams) return undefined;
  const directory = dirname(typeof template === "string" ? template : template[0]!);
  const { defaultHost: _, ...settings } = nginx;
  return {
    ...target,
    context: "stream",
    template: streams.template ?? join(directory, "stream.conf.hbs"),
    destination: streams.destination ?? join(dirname(destination), `${basename(destination, ".conf")}.stream`),
    check: streams.check,
    reloadEvery: undefined,
    https: undefined,
    routing: { ...routing, routes: [] },
    nginx: { ...settings, files: {}, defaults: {} },
  };
}
