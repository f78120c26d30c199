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
  const hint = `the agent's user (${config.user.uid}) must be able to write there`;
  const lock = await lockDirectory(directory).catch((error: unknown) => {
    throw problem(at, error, hint);
  });
  await bind().catch((error: unknown) => {
    throw problem(`--socket ${quoted(config.socket)}`, error, hint);
  });
  const key = openKey(config);
  try {
    const [maxBytes, keep, origin] = [config["audit-file-bytes"], config["audit-keep"], originOf(host)];
    const audit = new AuditTrail({ directory, key, origin, maxBytes, keep, instance, onFailure, onDamage });
    const publish = (): void =>
      log("info", "audit.checkpointed", { checkpoint: audit.checkpoint, publicKey: key.publicKey });
    audit.onCheckpoint(publish);
    publish();
    return { audit, lock };
  } catch (error) {
    throw problem(at, error, hint);
  }
}

/** Reads the key. Creates one in a directory without a trail if none is configured. */
function openKey({ "audit-dir": directory, "audit-key": configured, host, user }: AgentConfig): SigningKey {
  const file = configured ?? join(directory, "key");
  const isNew =
    configured === undefined &&
    !existsSync(file) &&
    !readdirSync(directory).some((name) => /^trail-|^checkpoint$/.test(name));
  try {
    return isNew ? createKey(file, originOf(host)) : readKey(file, originOf(host));
  } catch (error) {
    throw problem(
      `--audit-key ${quoted(file)}`,
      error,
      hints[(error as NodeJS.ErrnoException).code ?? ""] ?? `the agent's user (${user.uid}) must be able to read it`,
    );
  }
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: "restore the key, or create one with `sallyport-audit keygen`",
};

/** A system error gets a hint; other errors contain what to do. */
function problem(at: string, error: unknown, hint: string): Error {
  const { code, message, path } = error as NodeJS.ErrnoException;
  const where = path === undefined || at.endsWith(quoted(path)) ? "" : ` ${quoted(path)}:`;
  return new Error(code === undefined ? `${at}: ${message}` : `${at}:${where} ${code}; ${hint}`);
}
