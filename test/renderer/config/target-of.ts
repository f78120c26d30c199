import assert from "node:assert/strict";
import type { NginxTargetConfig } from "../../../renderer/config/nginx-target.ts";
import type { Config, TargetConfig } from "../../../renderer/config/schema.ts";
import type { TemplateTargetConfig } from "../../../renderer/config/template-target.ts";

/** Returns a target of a configuration, which must be an nginx target. */
export function nginxTargetOf({ targets }: Pick<Config, "targets">, index = 0): NginxTargetConfig {
  const target: TargetConfig | undefined = targets[index];
  assert.ok(target?.kind === "nginx", `kind: ${target?.kind}`);
  return target;
}

/** Returns a target of a configuration, which must be a template target. */
export function templateTargetOf({ targets }: Pick<Config, "targets">, index = 0): TemplateTargetConfig {
  const target: TargetConfig | undefined = targets[index];
  assert.ok(target?.kind === "template", `kind: ${target?.kind}`);
  return target;
}
