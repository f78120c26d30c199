import { writeFileSync } from "node:fs";
import * as z from "zod";
import { ConfigFile } from "../renderer/config/schema.ts";

// The schema that editors are given, as the code is now. A test holds them together.
const schema = z.toJSONSchema(ConfigFile, { io: "input" });
writeFileSync("docs/renderer.schema.json", `${JSON.stringify(schema, undefined, 2)}\n`);
