import type { Config } from "../config/schema.ts";
import { GeneralFiles } from "../targets/template-files.ts";
import { TargetTemplate } from "../targets/nginx-template.ts";

/** What is wrong with the templates of a configuration, each with its place. */
export async function templateProblems(config: Config): Promise<string[]> {
  const found = config.targets.map(async (target) => {
    if (target.format === undefined) {
      const template = TargetTemplate.load(target, config);
      return "problem" in template ? [template.problem] : [];
    }
    const files = await GeneralFiles.load(target);
    if ("problem" in files) return [files.problem];
    await files.close();
    return [];
  });
  return (await Promise.all(found)).flat();
}
