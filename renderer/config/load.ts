import { readText } from "../disk/read-text.ts";
import { type ConfigProblem, conflicts } from "./conflicts.ts";
import { type FileDefaults, withDefaults } from "./file-defaults.ts";
import { explainIssues } from "./messages.ts";
import { type Config, ConfigFile } from "./schema.ts";
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
  const found = conflicts(parsed.data);
  return found.length > 0 ? report(found, source) : { config: parsed.data, source };
}

function report(problems: readonly ConfigProblem[], source: ConfigText): ConfigProblems {
  return { problems: problems.map(({ path, message }) => `${source.placeOf(path)}: ${path.join(".")}: ${message}`) };
}

function unreadableTemplates({ targets }: Config): ConfigProblem[] {
  return targets.flatMap((target, index) =>
    templatesOf(target).flatMap((template, at) => {
      const found = readText(template);
      const path = ["targets", index, "template", ...(typeof target.template === "string" ? [] : [at])];
      return "problem" in found ? [{ path, message: found.problem }] : [];
    }),
  );
}
