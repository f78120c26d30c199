import { existsSync, readdirSync } from "node:fs";
import type * as net from "node:net";
import { join } from "node:path";
import { type Log, quoted } from "../shared/log.ts";
import { AuditTrail } from "./audit.ts";
import { createKey, originOf, readKey, type SigningKey } from "./audit-key.ts";
import { lockDirectory } from "./audit-lock.ts";
import type { AgentConfig } from "./config.ts";

/** A trail, and the lock that makes this process its only writer. */
export interface OpenTrail {
  readonly audit: AuditTrail;
  readonly lock: net.Server;
}

/**
 * Locks the directory, then calls `bind`, so that an agent whose socket is in use changes no file, then opens the trail in
 * the same turn of the event loop. Throws errors that name the option and what is wrong.
 */
export async function openAudit(
  config: AgentConfig,
  instance: string,
  { bind, stop, log }: { bind: () => Promise<void>; stop: AbortController; log: Log },
): Promise<OpenTrail> {
  const [directory, host, action] = [config["audit-dir"], config.host, config["audit-failure"]];
  const at = `--audit-dir ${quoted(directory)}`;
  const onFailure = (errno: string): void => {
    const error = `cannot write the audit trail: ${errno}`;
    log("error", "audit.failed", { path: directory, error, action });
    if (action === "halt") stop.abort(new Error(`${at}: ${error}`));
  };
  const onDamage = (path: string, bytes: number): void => log("error", "audit.damaged", { path, bytes });
  const mayWrite = `the agent's user (${config.user.uid}) must be able to write there`;
  const mayRead = `create a key with \`sallyport-audit keygen\`, or let the agent's user (${config.user.uid}) read it`;
  const keyFile = config["audit-key"] ?? join(directory, "key");
  const lock = await attempt(at, mayWrite, async () => await lockDirectory(directory));
  await attempt(`--socket ${quoted(config.socket)}`, mayWrite, bind);
  const key = await attempt(`--audit-key ${quoted(keyFile)}`, mayRead, () => openKey(keyFile, config));
  const audit = await attempt(at, mayWrite, () => {
    const [maxBytes, keep, origin] = [config["audit-file-bytes"], config["audit-keep"], originOf(host)];
    const keepMs = config["audit-keep-days"] * 86_400_000;
    return new AuditTrail({ directory, key, origin, maxBytes, keep, keepMs, instance, onFailure, onDamage });
  });
  const publish = (): void =>
    log("info", "audit.checkpointed", { checkpoint: audit.checkpoint, publicKey: key.publicKey });
  audit.onCheckpoint(publish);
  publish();
  return { audit, lock };
}

/** Reads the key. Creates one in a directory without a trail if none is configured. */
function openKey(file: string, { "audit-dir": directory, "audit-key": configured, host }: AgentConfig): SigningKey {
  const hasTrail = readdirSync(directory).some((name) => /^trail-|^checkpoint$/.test(name));
  const isNew = configured === undefined && !existsSync(file) && !hasTrail;
  return isNew ? createKey(file, originOf(host)) : readKey(file, originOf(host));
}

/** Adds the option to an error, and a hint to one of the system; others state what to do themselves. */
async function attempt<T>(at: string, hint: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException;
    const where = path === undefined || at.endsWith(quoted(path)) ? "" : ` ${quoted(path)}:`;
    const remedy = code === "ENOSPC" ? "make room on the volume" : hint;
    throw new Error(code === undefined ? `${at}: ${message}` : `${at}:${where} ${code}; ${remedy}`, { cause: error });
  }
}
