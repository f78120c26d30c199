import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import * as net from "node:net";
import { type Log, quoted } from "../shared/log.ts";
import type { AuditTrail } from "./audit.ts";
import { openAudit } from "./audit-open.ts";
import type { AgentConfig } from "./config.ts";
import { missingConfinement } from "./confinement.ts";
import { Disclosed } from "./disclosed.ts";
import { DockerReader } from "./docker.ts";
import { healthSocket, listen } from "./listen.ts";
import { loadPolicy, type Policy } from "./policy.ts";
import { dropPrivilege } from "./privilege.ts";
import { usesLabel } from "./sanitize.ts";
import { RpcServer } from "./server.ts";
import type { Source } from "./subscriber.ts";
import type { DockerCall } from "./transport.ts";
import { Swarm } from "./swarm/swarm.ts";
import { Watch } from "./watch.ts";

/** Milliseconds between two published checkpoints. */
const CHECKPOINT_MS = 60_000;

const NO_LABELS_ONLY =
  "--swarm: Docker lists tasks with their environment, which `labels only` in the policy keeps out of the agent; remove one of them";

const UNCONFINED =
  "the agent works, and a fault in it would reach further; start it as in compose.yml, which a Swarm stack cannot do completely";

/** Configuration errors, or how the agent stopped. `error` is undefined if a signal stopped it. */
export type Outcome = { readonly problems: readonly string[] } | { readonly error: string | undefined };

/** Drops privileges, then parses the policy, then watches Docker and serves until the signal aborts. */
export async function serve(config: AgentConfig, program: string, stop: AbortController, log: Log): Promise<Outcome> {
  const problem = dropPrivilege(config["docker-socket"], config.user);
  if (problem !== undefined) return { problems: [problem] };
  const loaded = loadPolicy(config.policy);
  if ("problems" in loaded) return loaded;
  if (config.swarm && loaded.policy.mode === "labels only") return { problems: [NO_LABELS_ONLY] };
  const instance = randomUUID();
  const [server, own] = [net.createServer(), net.createServer()];
  const bind = async (): Promise<void> => {
    await listen(server, config.socket);
    await listen(own, healthSocket(config.socket), 0o600);
  };
  const opened = await openAudit(config, instance, { bind, stop, log }).catch(({ message }: Error) => message);
  if (typeof opened === "string") {
    for (const one of [server, own]) one.close();
    return { problems: [opened] };
  }
  const source = { instance, disclosed: new Disclosed(), audit: opened.audit };
  const rpc = [server, own].map((one) => new RpcServer(source, config.host, one));
  const programSha256 = createHash("sha256").update(readFileSync(program)).digest("hex");
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  source.audit.append("start", "note", "ok", { uid, gid, program_sha256: programSha256 });
  source.audit.append("policy", "note", "ok", { mode: loaded.policy.mode, policy_sha256: loaded.sha256 });
  const outcome = await serveFrom(source, rpc, config, loaded, stop.signal, log);
  opened.lock.close();
  return outcome;
}

/** Watches Docker until the signal aborts, and closes the connections and the trail. */
async function serveFrom(
  source: Source,
  rpc: readonly RpcServer[],
  config: AgentConfig,
  { policy, sha256: policySha256 }: { policy: Policy; sha256: string },
  signal: AbortSignal,
  log: Log,
): Promise<Outcome> {
  const { instance, audit } = source;
  const { host, socket } = config;
  log("info", "agent.started", { instance, dockerHost: host, socket, mode: policy.mode, policySha256 });
  const missing = missingConfinement();
  if (missing.length > 0) log("info", "agent.unconfined", { missing: missing.join(", "), hint: UNCONFINED });
  const checkpoints = setInterval(() => audit.announce(), CHECKPOINT_MS).unref();
  const end = await watch(config, policy, source, log).run(signal);
  clearInterval(checkpoints);
  await Promise.all(rpc.map((one) => one.close()));
  audit.append("stop", "note", "ok");
  audit.announce();
  audit.close();
  if (end === "refused")
    return { error: `--docker-socket ${quoted(config["docker-socket"])}: no process listens; start Docker` };
  const { reason } = signal as { reason: unknown };
  return { error: reason instanceof Error ? reason.message : undefined };
}

function watch(config: AgentConfig, policy: Policy, { disclosed, audit }: Source, log: Log): Watch {
  const keepsLabel = (name: string): boolean => usesLabel(policy, name);
  const docker = new DockerReader(config["docker-socket"], (call) => recordCall(audit, call), keepsLabel, config.swarm);
  const swarm = config.swarm ? new Swarm({ docker, policy, disclosed, log }) : undefined;
  const onState = (state: "connected" | "unreachable"): void => {
    if (state === disclosed.docker) return;
    audit.append("docker.state", "note", "ok", { state });
    disclosed.docker = state;
  };
  const exitWhenRefused = config["exit-when-refused"];
  return new Watch({
    docker,
    policy,
    disclosed,
    swarm,
    log,
    relistMs: config.relist * 1_000,
    exitWhenRefused,
    onState,
  });
}

function recordCall(audit: AuditTrail, { route, outcome, status, bytes, ms }: DockerCall): void {
  if (route === undefined) audit.append("docker.denied", "deny", outcome);
  else audit.append("docker.request", "allow", outcome, { route, status, bytes, ms });
}
