import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Log } from "../shared/log.ts";
import { AuditTrail } from "./audit.ts";
import type { AgentConfig } from "./config.ts";
import { Disclosed } from "./disclosed.ts";
import { DockerReader } from "./docker.ts";
import { loadPolicy } from "./load-policy.ts";
import type { Policy } from "./policy.ts";
import { dropPrivilege } from "./privilege.ts";
import { RpcServer } from "./server.ts";
import type { Source } from "./subscriber.ts";
import type { DockerCall } from "./transport.ts";
import { Watch } from "./watch.ts";

/** Milliseconds between two anchors in the log, while the trail grows. */
const ANCHOR_MS = 60_000;

/** How the agent ended: it could not begin as it is configured, it failed, or it was told to stop. */
export type Ending = { readonly problems: readonly string[] } | { readonly failure: string | undefined };

/** Runs until the signal aborts: drops privilege, then parses, then watches Docker and serves. */
export async function serve(config: AgentConfig, program: string, stop: AbortController, log: Log): Promise<Ending> {
  const obstacle = dropPrivilege(config["docker-socket"], config.user);
  if (obstacle !== undefined) return { problems: [obstacle] };
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

/** With a trail and a policy: opens the door, watches until the end, and closes both. */
async function serveFrom(
  source: Source,
  config: AgentConfig,
  { policy, sha256: policySha256 }: { policy: Policy; sha256: string },
  signal: AbortSignal,
  log: Log,
): Promise<Ending> {
  const { instance, audit } = source;
  const { host, socket } = config;
  const server = new RpcServer(source, host);
  const problem = await server.listen(socket).catch(({ code, message }: NodeJS.ErrnoException) => code ?? message);
  if (problem !== undefined) return { problems: [`--socket ${socket}: ${problem}`] };
  log("info", "agent.serving", { instance, host, socket, mode: policy.mode, policySha256 });
  const anchors = setInterval(() => logAnchor(audit, log), ANCHOR_MS).unref();
  const end = await watch(config, policy, source, log).run(signal);
  clearInterval(anchors);
  await server.close();
  audit.append("stop", "note", "ok");
  logAnchor(audit, log);
  audit.close();
  if (end === "refused") return { failure: `nobody listens at ${config["docker-socket"]}` };
  const { reason } = signal as { reason: unknown };
  return { failure: reason instanceof AuditHalt ? reason.message : undefined };
}

function watch(config: AgentConfig, policy: Policy, { disclosed, audit }: Source, log: Log): Watch {
  const docker = new DockerReader(config["docker-socket"], (call) => recordCall(audit, call));
  const onState = (state: "connected" | "unreachable"): void => {
    if (state === disclosed.docker) return;
    audit.append("docker.state", "note", "ok", { state });
    disclosed.docker = state;
  };
  const exitWhenRefused = config["exit-when-refused"];
  return new Watch({ docker, policy, disclosed, log, relistMs: config.relist * 1_000, exitWhenRefused, onState });
}

/** The trail cannot be written and the policy of failure is to stop. */
class AuditHalt extends Error {}

/** The trail, or one line that says why there is none. */
function openAudit(config: AgentConfig, instance: string, stop: AbortController, log: Log): AuditTrail | string {
  const [directory, keyFile, policy] = [config["audit-dir"], config["audit-key"], config["audit-failure"]];
  const onFailure = (errno: string): void => {
    log("error", "audit.failed", { directory, errno, policy });
    if (policy === "halt") stop.abort(new AuditHalt(`no audit trail in ${directory}: ${errno}`));
  };
  const [maxBytes, keep] = [config["audit-file-bytes"], config["audit-keep"]];
  try {
    return new AuditTrail({ directory, keyFile, maxBytes, keep, instance, onFailure });
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException;
    const where = path ?? keyFile ?? directory;
    return `--audit-dir ${directory}: ${where}: ${code ?? message}; the agent's user (${config.user.uid}) must be able to write there`;
  }
}

function recordCall(audit: AuditTrail, { route, outcome, status, bytes, ms }: DockerCall): void {
  if (route === undefined) audit.append("docker.denied", "deny", outcome);
  else audit.append("docker.request", "allow", outcome, { route, status, bytes, ms });
}

function logAnchor(audit: AuditTrail, log: Log): void {
  log("info", "audit.anchor", { seq: audit.head.seq, hash: audit.head.hash });
}
