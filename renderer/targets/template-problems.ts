import type { Config } from "../config/schema.ts";
import { TemplateFiles } from "./template-files.ts";
import { namesBeyondDefault } from "./undisclosed-names.ts";
import { NginxTemplate } from "./nginx-template.ts";

/** Returns the errors in a configuration's templates, each with file and line. `hint` receives what may become one. */
export async function templateProblems(
  config: Config,
  hint: (message: string) => void = () => undefined,
): Promise<string[]> {
  const found = config.targets.map(async (target) => {
    if (target.kind === "nginx") {
      const template = NginxTemplate.load(target, config);
      return "problem" in template ? [template.problem] : [];
    }
    const files = await TemplateFiles.load(target);
    if ("problem" in files) return [files.problem];
    for (const message of [...files.hints, ...namesBeyondDefault(target)]) hint(message);
    await files.close();
    return [];
  });
  return (await Promise.all(found)).flat();
}
