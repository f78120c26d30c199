import assert from "node:assert/strict";
import { Inspected } from "../../../agent/observed.ts";
import { parsePolicy } from "../../../agent/policy.ts";
import { sanitize } from "../../../agent/sanitize.ts";
import { containerView } from "../../../renderer/template/container-view.ts";
import { compileContainerTemplate } from "../../../renderer/template/container-template.ts";
import type { Model } from "../../../renderer/template/model.ts";
import type { Container } from "../../../shared/snapshot.ts";

const ID = "0123456789abcdef".repeat(4);

/** The output of a template with `format: none`. It is a partial, in which names are not checked, so elements can be any data. */
export function printed(template: string, containers: readonly Model[] = []): string {
  const templates = [
    { file: "t.hbs", text: "{{> part}}" },
    { file: "part.hbs", text: template },
  ];
  const made = compileContainerTemplate({ templates, format: "none" })(containers);
  assert.equal(made.kind, "text", JSON.stringify(made));
  return made.kind === "text" ? made.text : "";
}

/** The output of a template for one value, named `it`. */
export function printedOf(template: string, it: Model): string {
  return printed(`{{#each containers}}${template}{{/each}}`, [{ it }]);
}

/** The error of a template for this list. */
export function refusal(template: string, containers: readonly Model[] = []): string {
  try {
    const made = compileContainerTemplate({ templates: [{ file: "t.hbs", text: template }], format: "none" })(
      containers,
    );
    if (made.kind === "text") return `printed ${made.text}`;
    return made.kind === "failed" ? made.message : (made.faults[0]?.message ?? "");
  } catch (error) {
    return (error as Error).message;
  }
}

/** A minimal inspect response of Docker. */
export function inspected(changes: { Config?: object; NetworkSettings?: object } & Record<string, unknown> = {}) {
  const { Config, NetworkSettings, ...others } = changes;
  return {
    Id: ID,
    Name: "/web",
    Created: "2026-01-02T03:04:05Z",
    State: { Status: "running", StartedAt: "2026-01-02T03:04:06Z" },
    Config: { Image: "nginx", StopSignal: "", ...Config },
    NetworkSettings: { Networks: {}, Ports: {}, ...NetworkSettings },
    ...others,
  };
}

/** The agent's view of an inspect response, with a policy that discloses these variables and labels. */
export function disclosed(answer: object, names: readonly string[] = []): Container {
  const policy = parsePolicy(JSON.stringify({ env: names, labels: names, fields: ["image"], force: [] }));
  assert.ok(!("problems" in policy));
  const container = sanitize(Inspected.parse(answer), policy, new Set());
  assert.ok(container);
  return container;
}

/** The container as templates see it. */
export function seen(answer: object, names: readonly string[] = []): Model {
  return containerView({ agent: "/a.sock", dockerHost: "one", container: disclosed(answer, names) });
}
