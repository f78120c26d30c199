import { readText } from "../disk/read-text.ts";
import { type ConfigProblem, conflicts } from "./conflicts.ts";
import { type FileDefaults, withDefaults } from "./file-defaults.ts";
import { explainIssues } from "./messages.ts";
import { type Config, ConfigFile } from "./schema.ts";
import { withStreamTargets } from "./stream-target.ts";
import { templatesOf } from "./template-target.ts";
import { type ConfigText, parseYaml } from "./text.ts";

/** Every problem of a file, as `file:line:column: key: what is wrong; what to do`. */
export interface ConfigProblems {
  readonly problems: string[];
}

/** Parses a configuration. The files that it names are not read. */
export function parseConfig(text: string, file: string, defaults: FileDefaults = {}): Config | ConfigProblems {
  const parsed = parse(text, file, defaults);
  return "problems" in parsed ? parsed : parsed.config;
}

/** Parses a configuration and checks that its templates can be read. */
export function loadConfig(text: string, file: string, defaults: FileDefaults = {}): Config | ConfigProblems {
  const parsed = parse(text, file, defaults);
  if ("problems" in parsed) return parsed;
  const unreadable = unreadableTemplates(parsed.config);
  return unreadable.length > 0 ? report(unreadable, parsed.source) : parsed.config;
}

function parse(
  text: string,
  file: string,
  defaults: FileDefaults,
): { config: Config; source: ConfigText } | ConfigProblems {
  const source = parseYaml(text, file);
  if ("problems" in source) return source;
  const completed = withDefaults(source.value, defaults);
  if ("problem" in completed) return { problems: [completed.problem] };
  const parsed = ConfigFile.safeParse(completed.file);
  if (!parsed.success) return { problems: explainIssues(parsed.error.issues, source) };
  const found = [...conflicts(parsed.data)];
  if (found.length > 0) return report(found, source);
  return { config: { ...parsed.data, targets: withStreamTargets(parsed.data.targets) }, source };
}

function report(problems: readonly ConfigProblem[], source: ConfigText): ConfigProblems {
  return { problems: problems.map(({ path, message }) => `${source.placeOf(path)}: ${path.join(".")}: ${message}`) };
}

function unreadableTemplates({ targets }: Config): ConfigProblem[] {
  const written = targets.filter((target) => !("context" in target));
  return targets.flatMap((target) =>
    templatesOf(target).flatMap((template, at) => {
      const found = readText(template);
      const isAdded = !written.includes(target);
      const index = written.indexOf(isAdded ? targets[targets.indexOf(target) - 1]! : target);
      const list = typeof target.template === "string" ? [] : [at];
      const path = ["targets", index, ...(isAdded ? ["streams", "template"] : ["template", ...list])];
      return "problem" in found ? [{ path, message: found.problem }] : [];
    }),
  );
}
