import type { Config } from "./schema.ts";
import { templatesOf } from "./template-target.ts";
import { explainIssues } from "./messages.ts";
import { readConfigText } from "./text.ts";
import { readText } from "../disk/read-text.ts";

/** Templates that a good configuration names and that cannot be read, each with its place in the configuration. */
export function unreadableTemplates(config: Config, text: string, file: string): string[] {
  const read = readConfigText(text, file);
  if ("problems" in read) return [];
  const issues = config.targets.flatMap((target, index) =>
    templatesOf(target).flatMap((template, at) => {
      const found = readText(template);
      const path = ["targets", index, "template", ...(typeof target.template === "string" ? [] : [at])];
      return "problem" in found ? [{ code: "custom" as const, path, message: found.problem, input: undefined }] : [];
    }),
  );
  const found = explainIssues(issues, { ...read, wording: { known: {}, choices: {} } });
  return found.map(({ offset, message }) => `${read.at(offset)}: ${message}`);
}
