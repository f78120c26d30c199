import * as z from "zod";
import { NginxTarget } from "./nginx-target.ts";
import { ConfigFile } from "./schema.ts";

/** JSON Schema of one place in the configuration file. */
export type PublishedSchema = z.core.JSONSchema.BaseSchema;

/** Generating the schema takes milliseconds, and it never changes. */
let generated: PublishedSchema | undefined;

/** Returns the JSON Schema of the file as users write it: docs/renderer.schema.json, and the keys that messages suggest. */
export function publishedSchema(): PublishedSchema {
  generated ??= z.toJSONSchema(ConfigFile, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === NginxTarget.in) delete jsonSchema.properties?.["format"];
      // Editors report the problems of `anyOf` at the key they are about.
      if (jsonSchema.oneOf) {
        jsonSchema.anyOf = jsonSchema.oneOf;
        delete jsonSchema.oneOf;
      }
    },
  });
  return generated;
}
