import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { PolicyFile } from "../agent/policy.ts";
import { publishedSchema } from "../renderer/config/published-schema.ts";
import { Report } from "../renderer/status/report.ts";
import { cliPage } from "./cli-page.ts";
import { checklistPage } from "./docker-gen-checklist.ts";
import { errorReference } from "./error-reference.ts";
import { labelsAndVariablesPage } from "./labels-and-variables.ts";
import { logReference } from "./log-reference.ts";
import { metricsPage } from "./metrics-page.ts";
import { policyPage } from "./policy-page.ts";
import { rendererConfigurationPage } from "./renderer-configuration.ts";
import { rpcContractPage } from "./rpc-contract.ts";
import { statusReportPage } from "./status-report.ts";

/** Every generated file below docs/, and its text. `existing` is the text of the file now. */
export const GENERATED: Readonly<Record<string, (existing: string) => string>> = {
  "docs/renderer.schema.json": () => json(publishedSchema()),
  "docs/policy.schema.json": () => json(z.toJSONSchema(PolicyFile, { io: "input" })),
  "docs/status.schema.json": () => json(z.toJSONSchema(Report, { io: "input" })),
  "docs/reference/cli.md": cliPage,
  "docs/reference/docker-gen-checklist.md": checklistPage,
  "docs/reference/errors.md": errorReference,
  "docs/reference/labels-and-variables.md": labelsAndVariablesPage,
  "docs/reference/log-events.md": logReference,
  "docs/reference/metrics.md": metricsPage,
  "docs/reference/policy.md": policyPage,
  "docs/reference/renderer-configuration.md": rendererConfigurationPage,
  "docs/reference/rpc-contract.md": rpcContractPage,
  "docs/reference/status-report.md": statusReportPage,
};

function json(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function main(): void {
  for (const [path, print] of Object.entries(GENERATED)) {
    writeFileSync(path, print(existsSync(path) ? readFileSync(path, "utf8") : ""));
  }
  execFileSync(
    "node_modules/.bin/oxfmt",
    Object.keys(GENERATED).filter((path) => path.endsWith(".json")),
  );
}

if (process.argv[1]?.endsWith("docs.ts")) main();
