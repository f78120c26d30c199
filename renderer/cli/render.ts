import type { Config, Target } from "../config/schema.ts";
import { nearest } from "../../shared/nearest.ts";
import { readCertificates } from "../nginx/certificates/directory.ts";
import { FileStore } from "../nginx/operator-files/file-store.ts";
import { shown } from "../status/print.ts";
import { TemplateError } from "../template/template.ts";
import { GeneralFiles } from "../targets/template-files.ts";
import { GeneralSource } from "../targets/general-source.ts";
import { hear } from "./collect-inventory.ts";
import type { CommandResult } from "./import.ts";
import { TargetRoutes } from "../targets/nginx-routes.ts";
import { TargetTemplate } from "../targets/nginx-template.ts";

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

/** The text of this target's file now. */
export async function printTarget(config: Config, target: Target): Promise<CommandResult> {
  try {
    return target.format === undefined ? await printRoutes(config, target) : await printContainers(config, target);
  } catch (error) {
    if (error instanceof TemplateError) return failed(error.message, 1);
    throw error;
  }
}

async function printRoutes(config: Config, target: Target): Promise<CommandResult> {
  const template = TargetTemplate.load(target, config);
  if ("problem" in template) return failed(template.problem, 78);
  const routes = new TargetRoutes(target, config);
  const silent = await hear(config, (change) => routes.apply(change));
  if (silent !== undefined) return failed(silent, 1);
  const { wanted } = routes.table;
  if (wanted.kind === "blocked") return failed(wanted.reason, 1);
  const files = new FileStore(target.nginx.files, target.destination).settings;
  template.use({ ...(target.https && { certificates: readCertificates(target.https.certificates) }), files });
  const { quarantined } = routes.table.routes;
  const aside = quarantined.map(({ name, detail }) => `container ${shown(name)} is set aside: ${shown(detail)}\n`);
  return { stdout: template.print(wanted).toString("utf8"), stderr: aside.join(""), exitCode: 0 };
}

/** Who is left out stands on stderr; the others are printed. */
async function printContainers(config: Config, target: Target): Promise<CommandResult> {
  const files = await GeneralFiles.load(target);
  if ("problem" in files) return failed(files.problem, 78);
  try {
    const source = new GeneralSource(target, files);
    const silent = await hear(config, (change) => source.apply(change));
    if (silent !== undefined) return failed(silent, 1);
    source.isComplete = true;
    const text = await source.render(source.wanted() ?? source.nothing);
    const aside = source.aside.map(({ name, detail }) => `container ${shown(name)} ${shown(detail)}\n`);
    return { stdout: text.toString("utf8"), stderr: aside.join(""), exitCode: 0 };
  } finally {
    await files.close();
  }
}

function failed(problem: string, exitCode: number): CommandResult {
  return { stdout: "", stderr: `${problem}\n`, exitCode };
}
