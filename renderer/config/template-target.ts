import * as z from "zod";
import { SelectRule } from "../select/rule.ts";
import { FORMAT_NAMES } from "../template/formats/format-table.ts";
import { sharedKeys } from "./shared-keys.ts";
import { absolutePath } from "./values.ts";

/** A file of any format, rendered from containers. `format` makes a target one of this kind. */
export const TemplateTarget = z
  .strictObject({
    template: z
      .union([absolutePath, z.array(absolutePath).min(1)], "must be an absolute path, or a list of such paths")
      .describe("Handlebars template of the file. The others of a list are its partials."),
    ...sharedKeys,
    format: z.enum(FORMAT_NAMES as [(typeof FORMAT_NAMES)[number]]).describe("How values are quoted in the file."),
    includes: absolutePath.optional().describe("Directory of the files that the helper `include` may read."),
    network: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe(
        "Network on which the program reaches containers: `ip` is the address there. Default: the container's label `sallyport.network`, otherwise its first network by name.",
      ),
    containers: SelectRule.prefault({}).describe(
      "Containers that the template sees. Default: all that are not stopped.",
    ),
  })
  .transform((target) => ({ kind: "template" as const, ...target }));

export interface TemplateTargetConfig extends z.infer<typeof TemplateTarget> {}

/** The templates of a target. The first one renders the file. */
export function templatesOf({ template }: { readonly template: string | readonly string[] }): readonly string[] {
  return typeof template === "string" ? [template] : template;
}
