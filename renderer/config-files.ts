import type { Config } from "./config.ts";
import { templatesOf } from "./config-general.ts";
import { explainIssues } from "./config-problem.ts";
import { readConfigText } from "./config-text.ts";
import { readText } from "./read-text.ts";

const PRINTED = {
  code: "custom" as const,
  input: undefined,
  message: "- is for `render` and `run --once`: name a file",
};

/**
 * What of a good configuration cannot be used, each with its place: templates that cannot be read and, where targets
 * are followed, one that is to be printed.
 */
export function unusableFiles(config: Config, text: string, file: string, areFollowed: boolean): string[] {
  const read = readConfigText(text, file);
  if ("problems" in read) return [];
  const issues = config.targets.flatMap((target, index) =>
    templatesOf(target).flatMap((template, at) => {
      const found = readText(template);
      const path = ["targets", index, "template", ...(typeof target.template === "string" ? [] : [at])];
      return "problem" in found ? [{ code: "custom" as const, path, message: found.problem, input: undefined }] : [];
    }),
  );
  const printed = config.targets.flatMap(({ destination }, index) =>
    areFollowed && destination === "-" ? [{ ...PRINTED, path: ["targets", index, "destination"] }] : [],
  );
  const found = explainIssues([...issues, ...printed], { ...read, wording: { known: {}, choices: {} } });
  return found.map(({ offset, message }) => `${read.at(offset)}: ${message}`);
}
