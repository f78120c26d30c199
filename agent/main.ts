import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { asciiJson, createLog } from "../shared/log.ts";
import { askHealth } from "./ask.ts";
import { printKey } from "./audit-key.ts";
import { reportTrail } from "./audit-report.ts";
import { parseAnchor, verifyTrail } from "./audit-verify.ts";
import { type AgentConfig, parseConfig, refusedVariables } from "./config.ts";
import { loadPolicy } from "./load-policy.ts";
import { explain } from "./policy-explain.ts";
import { becomeUser } from "./privilege.ts";
import { serve } from "./serve.ts";

const HELP = `sallyport-agent: tells a renderer what the policy lets out of Docker, and nothing else

  serve                       watch Docker and serve the RPC socket (default)
  health                      ask the running agent; exit 0 when Docker is connected
  policy check                parse the policy; exit 78 with every problem
  policy explain CONTAINER    what would be disclosed of it, and how much is withheld
  audit verify                check the trail offline; exit 0 whole, 1 tampered, 2 cut, 3 unreadable
  audit report                who connected, what was disclosed of whom, what was refused
  audit keygen                a new sealing key; keep a copy away from this host

serve, health and policy take:
  --docker-socket PATH        /var/run/docker.sock
  --socket PATH               /run/sallyport/agent/rpc.sock
  --host NAME                 name of this Docker host, for renderers with several agents (local)
  --user UID:GID              who to become when started as root (65532:65532)
  --policy FILE               what to disclose (docs/policy.schema.json); without it the default policy
  --only-project NAME, --only-network NAME, --only-label KEY[=VALUE]   see nothing else; may be repeated
  --relist SECONDS            whole look at Docker that heals lost events (60)
  --exit-when-refused         end when nobody listens at the Docker socket, so that a supervisor mounts the new one
  --audit-dir DIR             /var/lib/sallyport/audit
  --audit-key FILE            seal records with this evolving key
  --audit-failure halt|degrade   what to do when the trail cannot be written (halt)
  --audit-file-bytes N, --audit-keep N   size of a file of the trail, and how many are kept
audit verify takes --dir DIR, --key-file FILE (as keygen made it), --anchor SEQ:HASH, --json
`;

/** Of sysexits.h: the configuration is at fault, and trying again will not help. */
const EX_CONFIG = 78;
const EX_SOFTWARE = 70;

const log = createLog((line) => process.stderr.write(line));

async function main(args: readonly string[]): Promise<number> {
  const [command = "serve", ...rest] = args[0]?.startsWith("-") === false ? args : ["serve", ...args];
  if (args.includes("--help") || command === "help") return say(HELP);
  switch (command) {
    case "serve":
      return await withConfig(rest, runServe);
    case "health":
      return await withConfig(rest, runHealth);
    case "policy":
      return await runPolicy(rest);
    case "audit":
      return runAudit(rest);
    default:
      return misconfigured([`${command.slice(0, 64)}: no such command, see --help`]);
  }
}

async function withConfig(
  args: readonly string[],
  run: (config: AgentConfig) => number | Promise<number>,
): Promise<number> {
  const config = parseConfig(args);
  return "problems" in config ? misconfigured(config.problems) : await run(config);
}

async function runServe(config: AgentConfig): Promise<number> {
  const refused = refusedVariables(Object.keys(process.env));
  if (refused.length > 0) return misconfigured(refused);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  const ending = await serve(config, process.argv[1] ?? "", stop, log);
  if (ending.kind === "misconfigured") return misconfigured(ending.problems);
  log(
    ending.kind === "failed" ? "error" : "info",
    "agent.stopped",
    ending.kind === "failed" ? { reason: ending.reason } : {},
  );
  return ending.kind === "failed" ? EX_SOFTWARE : 0;
}

async function runHealth(config: AgentConfig): Promise<number> {
  becomeUser(config.user);
  try {
    const health = await askHealth(config.rpcSocket);
    say(`${asciiJson(health)}\n`);
    return health.docker === "connected" && health.audit === "ok" ? 0 : 1;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    process.stderr.write(`no answer at ${config.rpcSocket}: ${code ?? "the agent does not answer as one"}\n`);
    return 1;
  }
}

async function runPolicy([action, ...rest]: readonly string[]): Promise<number> {
  if (action === "check") {
    return await withConfig(rest, (config) => {
      const loaded = loadPolicy(config);
      return "problems" in loaded ? misconfigured(loaded.problems) : say(`${asciiJson(loaded)}\n`);
    });
  }
  const [wanted, ...options] = rest;
  if (action !== "explain" || wanted === undefined) return misconfigured(["policy check, or policy explain CONTAINER"]);
  return await withConfig(options, async (config) => {
    const { text, exitCode } = await explain(config, wanted);
    say(`${text}\n`);
    return exitCode;
  });
}

function runAudit([action, ...rest]: readonly string[]): number {
  if (action === "keygen") return say(printKey({ index: 0, key: randomBytes(32) }));
  const text = { type: "string" } as const;
  const options = { dir: { ...text, default: "/var/lib/sallyport/audit" }, "key-file": text, anchor: text } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...rest], options: { ...options, json: { type: "boolean" } } }));
  } catch (error) {
    return misconfigured([(error as Error).message]);
  }
  if (action === "report") {
    const report = reportTrail(values.dir);
    return typeof report === "string" ? say(`${report}\n`) : failed(report.problem);
  }
  const anchor = values.anchor === undefined ? undefined : parseAnchor(values.anchor);
  if (action !== "verify") return misconfigured(["audit verify, audit report or audit keygen"]);
  if (values.anchor !== undefined && !anchor) return misconfigured(["--anchor: must be SEQ:HASH as the log prints it"]);
  const verdict = verifyTrail({ directory: values.dir, keyFile: values["key-file"], anchor });
  say(values.json === true ? `${asciiJson(verdict)}\n` : `${verdict.message}\n`);
  return verdict.exitCode;
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

/** The files could not be read, which is an answer of its own for whoever watches exit codes. */
function failed(problem: string): 3 {
  process.stderr.write(`${problem}\n`);
  return 3;
}

function misconfigured(problems: readonly string[]): number {
  for (const problem of problems) log("error", "agent.misconfigured", { problem });
  return EX_CONFIG;
}

/** A crash says where it was, never what it held: messages of errors may quote data. */
function crash(error: unknown): void {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const name = error instanceof Error ? error.constructor.name : typeof error;
  log("error", "agent.crashed", { error: name, at: frames.slice(0, 8).join(" <") });
  process.exit(EX_SOFTWARE);
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
}, crash);
