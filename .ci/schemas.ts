import { writeFileSync } from "node:fs";
import * as z from "zod";
import { PolicyFile } from "../agent/policy.ts";
import { ConfigFile } from "../renderer/config/schema.ts";

/** Writes the JSON Schemas that editors use. Tests compare them with the code. */
for (const [name, schema] of Object.entries({ policy: PolicyFile, renderer: ConfigFile })) {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: "input" }), undefined, 2);
  writeFileSync(`docs/${name}.schema.json`, `${text}\n`);
}
