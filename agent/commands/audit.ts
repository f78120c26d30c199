import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { asciiJson } from "../../shared/log.ts";
import { printKey } from "../audit-key.ts";
import type { CommandResult } from "../command-result.ts";
import { reportTrail } from "./audit-report.ts";
import { parseAnchor, verifyTrail } from "./audit-verify.ts";

/** Runs `audit verify`, `audit report` or `audit keygen`. They never connect to Docker. */
export function runAudit([action, ...rest]: readonly string[]): CommandResult {
  if (action === "keygen") return { output: printKey({ index: 0, key: randomBytes(32) }).trimEnd(), exitCode: 0 };
  const text = { type: "string" } as const;
  const options = { dir: { ...text, default: "/var/lib/sallyport/audit" }, "key-file": text, anchor: text } as const;
  try {
    const { values } = parseArgs({ args: [...rest], options: { ...options, json: { type: "boolean" } } });
    if (action === "report") return reportTrail(values.dir);
    if (action !== "verify") return { problems: ["`audit` requires `verify`, `report` or `keygen`; see --help"] };
    const anchor = values.anchor === undefined ? undefined : parseAnchor(values.anchor);
    if (values.anchor !== undefined && !anchor)
      return { problems: ["--anchor: must be SEQ:HASH from an `audit.anchored` log event"] };
    const result = verifyTrail({ directory: values.dir, keyFile: values["key-file"], anchor });
    return { output: values.json === true ? asciiJson(result) : result.message, exitCode: result.exitCode };
  } catch (error) {
    return { problems: [(error as Error).message] };
  }
}
