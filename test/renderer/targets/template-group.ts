import assert from "node:assert/strict";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { TemplateTargetConfig } from "../../../renderer/config/template-target.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { PublishGroup } from "../../../renderer/targets/publish-group.ts";
import { TemplateTarget } from "../../../renderer/targets/template-target.ts";
import { containerView } from "../../../renderer/template/container-view.ts";
import { compileContainerTemplate } from "../../../renderer/template/container-template.ts";
import { templateTargetOf } from "../config/target-of.ts";

type Group = PublishGroup<InventoryContainer>;

/** What a template target renders, and the containers that are quarantined for it. */
export interface RenderedFile {
  readonly text: string;
  readonly quarantined: readonly { readonly id: string; readonly name: string; readonly reason: string }[];
  readonly error?: string;
}

/** A group of one template target that is rendered in this process and never published. */
export function templateGroup(text: string, format: string): Group {
  const { render, config } = prepared(text, format);
  const files = {
    print: async (containers: readonly InventoryContainer[]) =>
      await Promise.resolve(render(containers.map(containerView))),
    reread: async () => await Promise.resolve({ kind: "same" as const }),
    close: async () => await Promise.resolve(),
  };
  return new PublishGroup([new TemplateTarget(config, files, () => undefined)], {
    log: () => undefined,
  });
}

interface Prepared {
  readonly render: ReturnType<typeof compileContainerTemplate>;
  readonly config: TemplateTargetConfig;
}

/** Compiled templates: property tests make thousands of groups with the same one. */
const cache = new Map<string, Prepared>();

function prepared(text: string, format: string): Prepared {
  const key = `${format}\n${text}`;
  const found = cache.get(key) ?? {
    render: compileContainerTemplate({ templates: [{ file: "t.hbs", text }], format: format as "json" }),
    config: templateTarget(format),
  };
  cache.set(key, found);
  return found;
}

export function templateTarget(format: string): TemplateTargetConfig {
  const target = { template: "/t", destination: "/d", format, reload: "none" };
  const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] }), "test.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  return templateTargetOf(config);
}

/** The containers of each group. */
const inventories = new WeakMap<Group, readonly InventoryContainer[]>();

/** Replaces the group's inventory by these containers, and renders it. */
export async function renderWith(group: Group, containers: readonly InventoryContainer[]): Promise<RenderedFile> {
  const before = inventories.get(group) ?? [];
  inventories.set(group, containers);
  group.apply({ upserted: containers, gone: before.filter((one) => !containers.includes(one)) }, true);
  const next = await group.next();
  const quarantined = (group.statuses[0]?.quarantined ?? []).map(({ id, container: name, reason }) => ({
    id,
    name,
    reason,
  }));
  if (next?.kind !== "revision") return { text: "", quarantined, error: next?.kind === "failed" ? next.error : "" };
  return { text: next.files[0]!.bytes.toString(), quarantined };
}
