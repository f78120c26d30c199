import { chownSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asciiJson, quoted } from "../../shared/log.ts";
import { HostLabel } from "../../shared/rpc.ts";
import { createKey, originOf } from "../audit-key.ts";
import type { CommandResult } from "../command-result.ts";
import { AUDIT_HELP } from "./help.ts";
import { exportTrail, proveRecord } from "./prove.ts";
import { PublicKey } from "./public-key.ts";
import { reportTrail } from "./report.ts";
import { failure, verifyTrail } from "./verify.ts";

/** Exit code of sysexits.h for wrong arguments. */
const EX_USAGE = 64;

const text = { type: "string" } as const;
const options = {
  "audit-dir": { ...text, default: "/var/lib/sallyport/audit" },
  "public-key": text,
  json: { type: "boolean", default: false },
  "audit-key": text,
  host: { ...text, default: "local" },
  user: { ...text, default: "65532:65532" },
  help: { type: "boolean", default: false },
} as const;

async function run(args: readonly string[]): Promise<CommandResult> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [command = "help", argument] = positionals;
  const directory = values["audit-dir"];
  if (values.help || command === "help") return { output: AUDIT_HELP.trimEnd(), exitCode: 0 };
  const takes = command === "proof" || command === "export" ? 2 : 1;
  if (positionals.length > takes) throw new Error(`unexpected argument ${quoted(positionals[takes]!)}`);
  if (command === "keygen") return keygen(values);
  if (command === "report") return reportTrail(directory);
  if (command !== "verify" && takes === 1) throw new Error(`unknown command ${quoted(command)}`);
  if (command === "proof" && !/^[1-9][0-9]{0,14}$/.test(argument ?? ""))
    throw new Error("`proof` requires the sequence number of a record");
  if (command === "export" && argument === undefined) throw new Error("`export` requires a directory");
  const key = readKey(values["public-key"] ?? join(directory, "key.pub"));
  if ("failure" in key) return key;
  if (command === "proof") return proveRecord(directory, key, Number(argument));
  if (command === "export") return exportTrail(directory, key, argument!);
  const result = await verifyTrail(directory, key);
  return { output: values.json ? asciiJson(result) : result.message, exitCode: result.exitCode };
}

/** Reads the public key. A key that cannot be read is exit code 3, as an unreadable trail is. */
function readKey(file: string): PublicKey | ReturnType<typeof failure> {
  try {
    return new PublicKey(file);
  } catch (error) {
    return failure("--public-key", error);
  }
}

function keygen({
  "audit-key": file,
  host,
  user,
}: Record<"host" | "user", string> & { "audit-key"?: string }): CommandResult {
  if (file === undefined) throw new Error("`keygen` requires --audit-key FILE");
  if (!HostLabel.safeParse(host).success) throw new Error(`--host ${quoted(host)}: is not a name of a Docker host`);
  const [, uid, gid = uid] = /^([1-9][0-9]{0,8})(?::([1-9][0-9]{0,8}))?$/.exec(user) ?? [];
  if (uid === undefined) throw new Error(`--user ${quoted(user)}: must be UID or UID:GID`);
  try {
    const { publicKey } = createKey(file, originOf(host));
    if (process.getuid?.() === 0) chownSync(file, Number(uid), Number(gid));
    return { output: publicKey, exitCode: 0 };
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const hint = code === "EEXIST" ? "; choose another file" : "";
    return { failure: `${quoted(path ?? file)}: ${code ?? (error as Error).message}${hint}`, exitCode: 3 };
  }
}

async function main(args: readonly string[]): Promise<void> {
  const result = await run(args);
  if ("problems" in result) throw new Error(result.problems.join("; "));
  if ("failure" in result) process.stderr.write(`${result.failure}\n`);
  else process.stdout.write(`${result.output}\n`);
  process.exitCode = result.exitCode;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`sallyport-audit: ${(error as Error).message}; see --help\n`);
  process.exitCode = EX_USAGE;
});
