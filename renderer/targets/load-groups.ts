import type { Config, TargetConfig } from "../config/schema.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { Turns } from "../publish/turns.ts";
import type { VirtualHost } from "../routes/routes.ts";
import { NginxContainerTarget } from "./nginx-container-target.ts";
import { NginxHostTarget } from "./nginx-host-target.ts";
import { NginxTemplate } from "./nginx-template.ts";
import { PublishGroup, type PublishGroupOptions } from "./publish-group.ts";
import type { Target } from "./target.ts";
import { TemplateFiles } from "./template-files.ts";
import { TemplateTarget } from "./template-target.ts";

/** The unit of an nginx target by itself is a virtual host, of every other group a container. */
export type Group = PublishGroup<VirtualHost> | PublishGroup<InventoryContainer>;

type Problem = { readonly problem: string };

/** Reads the templates of all targets, and makes a group of each transaction and of each other target. */
export async function loadGroups(
  config: Config,
  ofRun: Omit<PublishGroupOptions, "turns">,
): Promise<readonly Group[] | { readonly problems: string[] }> {
  const options = { ...ofRun, turns: new Turns() };
  const loaded = await Promise.all(
    byTransaction(config.targets).map(async (targets) => await loadGroup(targets, config, options)),
  );
  const problems = loaded.flatMap((group) => ("problems" in group ? group.problems : []));
  const groups = loaded.filter((group): group is Group => !("problems" in group));
  if (problems.length === 0) return groups;
  for (const group of groups) await group.stop();
  return { problems };
}

/** Targets that are published together, where the first of them is in the configuration. */
function byTransaction(targets: readonly TargetConfig[]): (readonly [TargetConfig, ...TargetConfig[]])[] {
  const groups = new Map<string | TargetConfig, [TargetConfig, ...TargetConfig[]]>();
  for (const target of targets) {
    const key = target.transaction ?? target;
    const others = groups.get(key);
    if (others) others.push(target);
    else groups.set(key, [target]);
  }
  return [...groups.values()];
}

async function loadGroup(
  targets: readonly [TargetConfig, ...TargetConfig[]],
  config: Config,
  options: PublishGroupOptions,
): Promise<Group | { readonly problems: string[] }> {
  const [first, ...others] = targets;
  if (first.kind === "nginx" && others.length === 0) {
    const template = NginxTemplate.load(first, config);
    if ("problem" in template) return { problems: [template.problem] };
    return new PublishGroup([new NginxHostTarget(first, template, config, options.log)], options);
  }
  const loaded = await Promise.all(targets.map(async (target) => await loadTarget(target, config, options)));
  const problems = loaded.flatMap((one) => ("problem" in one ? [one.problem] : []));
  const [head, ...tail] = loaded.filter((one): one is Target<InventoryContainer> => !("problem" in one));
  if (head && problems.length === 0) return new PublishGroup([head, ...tail], options);
  for (const target of head ? [head, ...tail] : []) await target.close();
  return { problems };
}

async function loadTarget(
  target: TargetConfig,
  config: Config,
  { log }: PublishGroupOptions,
): Promise<Target<InventoryContainer> | Problem> {
  if (target.kind === "template") {
    const files = await TemplateFiles.load(target);
    return "problem" in files ? files : new TemplateTarget(target, files, log);
  }
  const template = NginxTemplate.load(target, config);
  return "problem" in template ? template : new NginxContainerTarget(target, template, config, log);
}
