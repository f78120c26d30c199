import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { asciiJson } from "../../shared/log.ts";
import type { Answer } from "../answer.ts";
import { printKey } from "../audit-key.ts";
import { reportTrail } from "./audit-report.ts";
import { parseAnchor, verifyTrail } from "./audit-verify.ts";

/** `audit verify`, `audit report` and `audit keygen`: files only, never Docker. */
export function runAudit([action, ...rest]: readonly string[]): Answer {
  if (action === "keygen") return { text: printKey({ index: 0, key: randomBytes(32) }).trimEnd(), exitCode: 0 };
  const text = { type: "string" } as const;
  const options = { dir: { ...text, default: "/var/lib/sallyport/audit" }, "key-file": text, anchor: text } as const;
  try {
    const { values } = parseArgs({ args: [...rest], options: { ...options, json: { type: "boolean" } } });
    if (action === "report") return reportTrail(values.dir);
    if (action !== "verify") return { problems: ["audit verify, audit report or audit keygen"] };
    const anchor = values.anchor === undefined ? undefined : parseAnchor(values.anchor);
    if (values.anchor !== undefined && !anchor)
      return { problems: ["--anchor: must be SEQ:HASH as the log prints it"] };
    const verdict = verifyTrail({ directory: values.dir, keyFile: values["key-file"], anchor });
    return { text: values.json === true ? asciiJson(verdict) : verdict.message, exitCode: verdict.exitCode };
  } catch (error) {
    return { problems: [(error as Error).message] };
  }
}
