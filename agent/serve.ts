import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Log, quoted } from "../shared/log.ts";
import { AuditTrail } from "./audit.ts";
import type { AgentConfig } from "./config.ts";
import { Disclosed } from "./disclosed.ts";
import { DockerReader } from "./docker.ts";
import { loadPolicy } from "./load-policy.ts";
import type { Policy } from "./policy.ts";
import { dropPrivilege } from "./privilege.ts";
import { usesLabel } from "./sanitize.ts";
import { RpcServer } from "./server.ts";
import type { Source } from "./subscriber.ts";
import type { DockerCall } from "./transport.ts";
import { Watch } from "./watch.ts";

/** Milliseconds between two anchors in the log. */
const ANCHOR_MS = 60_000;

/** Configuration errors, or how the agent stopped. `error` is undefined if it was asked to stop. */
export type Outcome = { readonly problems: readonly string[] } | { readonly error: string | undefined };

/** Drops privileges, then parses the policy, then watches Docker and serves until the signal aborts. */
export async function serve(config: AgentConfig, program: string, stop: AbortController, log: Log): Promise<Outcome> {
  const problem = dropPrivilege(config["docker-socket"], config.user);
  if (problem !== undefined) return { problems: [problem] };
  const loaded = loadPolicy(config);
  if ("problems" in loaded) return loaded;
  const instance = randomUUID();
  const audit = openAudit(config, instance, stop, log);
  if (typeof audit === "string") return { problems: [audit] };
  const programSha256 = createHash("sha256").update(readFileSync(program)).digest("hex");
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  audit.append("start", "note", "ok", { uid, gid, program_sha256: programSha256 });
  audit.append("policy", "note", "ok", { mode: loaded.policy.mode, policy_sha256: loaded.sha256 });
  return await serveFrom({ instance, disclosed: new Disclosed(), audit }, config, loaded, stop.signal, log);
}

/** Listens on the RPC socket, watches Docker until the signal aborts, and closes the connections and the trail. */
async function serveFrom(
  source: Source,
  config: AgentConfig,
  { policy, sha256: policySha256 }: { policy: Policy; sha256: string },
  signal: AbortSignal,
  log: Log,
): Promise<Outcome> {
  const { instance, audit } = source;
  const { host, socket } = config;
  const server = new RpcServer(source, host);
  const problem = await server.listen(socket).catch(({ code, message }: NodeJS.ErrnoException) => code ?? message);
  if (problem !== undefined) return { problems: [`--socket ${quoted(socket)}: ${problem}`] };
  log("info", "agent.started", { instance, dockerHost: host, socket, mode: policy.mode, policySha256 });
  const anchors = setInterval(() => logAnchor(audit, log), ANCHOR_MS).unref();
  const end = await watch(config, policy, source, log).run(signal);
  clearInterval(anchors);
  await server.close();
  audit.append("stop", "note", "ok");
  logAnchor(audit, log);
  audit.close();
  if (end === "refused")
    return { error: `--docker-socket ${quoted(config["docker-socket"])}: no process listens; start Docker` };
  const { reason } = signal as { reason: unknown };
  return { error: reason instanceof Error ? reason.message : undefined };
}

function watch(config: AgentConfig, policy: Policy, { disclosed, audit }: Source, log: Log): Watch {
  const keepsLabel = (name: string): boolean => usesLabel(policy, name);
  const docker = new DockerReader(config["docker-socket"], (call) => recordCall(audit, call), keepsLabel);
  const onState = (state: "connected" | "unreachable"): void => {
    if (state === disclosed.docker) return;
    audit.append("docker.state", "note", "ok", { state });
    disclosed.docker = state;
  };
  const exitWhenRefused = config["exit-when-refused"];
  return new Watch({ docker, policy, disclosed, log, relistMs: config.relist * 1_000, exitWhenRefused, onState });
}

/** Opens the trail, or returns an error message. */
function openAudit(config: AgentConfig, instance: string, stop: AbortController, log: Log): AuditTrail | string {
  const [directory, keyFile, action] = [config["audit-dir"], config["audit-key"], config["audit-failure"]];
  const onFailure = (errno: string): void => {
    const error = `cannot write the audit trail: ${errno}`;
    log("error", "audit.failed", { path: directory, error, action });
    if (action === "halt") stop.abort(new Error(`--audit-dir ${quoted(directory)}: ${error}`));
  };
  const [maxBytes, keep] = [config["audit-file-bytes"], config["audit-keep"]];
  try {
    return new AuditTrail({ directory, keyFile, maxBytes, keep, instance, onFailure });
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException;
    const where = path === undefined || path === directory ? "" : ` ${quoted(path)}:`;
    const cause = `--audit-dir ${quoted(directory)}:${where} ${code ?? message}`;
    return `${cause}; the agent's user (${config.user.uid}) must be able to write there`;
  }
}

function recordCall(audit: AuditTrail, { route, outcome, status, bytes, ms }: DockerCall): void {
  if (route === undefined) audit.append("docker.denied", "deny", outcome);
  else audit.append("docker.request", "allow", outcome, { route, status, bytes, ms });
}

function logAnchor(audit: AuditTrail, log: Log): void {
  log("info", "audit.anchored", { seq: audit.head.seq, hash: audit.head.hash });
}
