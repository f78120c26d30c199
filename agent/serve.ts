import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Log } from "../shared/log.ts";
import { AuditTrail } from "./audit.ts";
import type { AgentConfig } from "./config.ts";
import { Disclosed } from "./disclosed.ts";
import { DockerReader } from "./docker.ts";
import { loadPolicy } from "./load-policy.ts";
import { dropPrivilege } from "./privilege.ts";
import { RpcServer } from "./server.ts";
import type { DockerCall } from "./transport.ts";
import { Watch } from "./watch.ts";

/** Milliseconds between two anchors in the log, while the trail grows. */
const ANCHOR_MS = 60_000;

/** How the agent ended; main turns it into an exit code. */
export type Ending =
  | { readonly kind: "stopped" }
  | { readonly kind: "misconfigured"; readonly problems: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string };

/** Runs until the signal aborts: drops privilege, then parses, then watches Docker and serves. */
export async function serve(config: AgentConfig, program: string, stop: AbortController, log: Log): Promise<Ending> {
  const problem = dropPrivilege(config.dockerSocket, config.user);
  if (problem) return { kind: "misconfigured", problems: [problem.problem] };
  const loaded = loadPolicy(config);
  if ("problems" in loaded) return { kind: "misconfigured", problems: loaded.problems };
  const { policy, sha256 } = loaded;

  const instance = randomUUID();
  const audit = openAudit(config, instance, stop, log);
  if (typeof audit === "string") return { kind: "misconfigured", problems: [audit] };
  const programHash = createHash("sha256").update(readFileSync(program)).digest("hex");
  audit.append("start", "note", "ok", {
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    program_sha256: programHash,
  });
  audit.append("policy", "note", "ok", { mode: policy.mode, policy_sha256: sha256 });

  const disclosed = new Disclosed();
  const docker = new DockerReader(config.dockerSocket, (call) => recordCall(audit, call));
  const { rpcSocket, host, relistMs, exitWhenRefused } = config;
  const server = new RpcServer({ instance, disclosed, audit }, host);
  const onState = (state: "connected" | "unreachable"): void => {
    if (state === disclosed.docker) return;
    audit.append("docker.state", "note", "ok", { state });
    disclosed.docker = state;
  };
  try {
    await server.listen(rpcSocket);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { kind: "misconfigured", problems: [code === undefined ? message : `--socket ${rpcSocket}: ${code}`] };
  }
  log("info", "agent.serving", { instance, host, socket: rpcSocket, mode: policy.mode, policySha256: sha256 });
  const anchors = setInterval(() => logAnchor(audit, log), ANCHOR_MS).unref();
  const options = { docker, policy, disclosed, log, relistMs, exitWhenRefused, onState };
  const end = await new Watch(options).run(stop.signal);
  clearInterval(anchors);
  await server.close();
  audit.append("stop", "note", "ok", {});
  logAnchor(audit, log);
  audit.close();
  const { reason } = stop.signal as { reason: unknown };
  if (end === "refused") return { kind: "failed", reason: `nobody listens at ${config.dockerSocket}` };
  return reason instanceof AuditHalt ? { kind: "failed", reason: reason.message } : { kind: "stopped" };
}

/** The trail cannot be written and the policy of failure is to stop. */
class AuditHalt extends Error {}

/** The trail, or one line that says why there is none. */
function openAudit(config: AgentConfig, instance: string, stop: AbortController, log: Log): AuditTrail | string {
  const { directory, keyFile, maxBytes, keep } = config.audit;
  const onFailure = (errno: string): void => {
    log("error", "audit.failed", { directory, errno, policy: config.audit.onFailure });
    if (config.audit.onFailure === "halt") stop.abort(new AuditHalt(`no audit trail in ${directory}: ${errno}`));
  };
  try {
    return new AuditTrail({ directory, keyFile, maxBytes, keep, instance, onFailure });
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException;
    const where = path ?? keyFile ?? directory;
    return `--audit-dir ${directory}: ${where}: ${code ?? message}; the agent's user (${config.user.uid}) must be able to write there`;
  }
}

function recordCall(audit: AuditTrail, { route, outcome, status, bytes, ms }: DockerCall): void {
  if (route === undefined) audit.append("docker.denied", "deny", outcome, {});
  else audit.append("docker.request", "allow", outcome, { route, status, bytes, ms });
}

function logAnchor(audit: AuditTrail, log: Log): void {
  log("info", "audit.anchor", { seq: audit.head.seq, hash: audit.head.hash });
}
