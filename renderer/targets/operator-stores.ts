import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { NginxTargetConfig } from "../config/nginx-target.ts";
import type { Config } from "../config/schema.ts";
import { CertificateStore } from "../nginx/certificates/store.ts";
import { type Fault, faultText } from "../nginx/guard.ts";
import type { FileDirectory } from "../nginx/operator-files/directory.ts";
import { findFile } from "../nginx/files.ts";
import { KnownFiles } from "../nginx/operator-files/known-files.ts";
import { FileStore } from "../nginx/operator-files/store.ts";
import { ownDirectory, stateFileOf } from "../publish/volume.ts";

/** The operator's files of an nginx target. */
export interface OperatorStores {
  readonly knownFiles: KnownFiles;
  readonly certificates: CertificateStore | undefined;
  readonly files: FileStore;
}

/** Reads the operator's files of a target for the first time. */
export function openOperatorStores(
  target: NginxTargetConfig,
  { targets }: Pick<Config, "targets">,
  log: Log,
): OperatorStores {
  const { https, nginx, destination, reload, stateDirectory, listen } = target;
  const ports = [listen, ...(https ? [https.listen] : [])];
  // Another renderer's file has a state file, which no container can write.
  const isPublished = (path: string): boolean =>
    targets.some((one) => one.destination === path) || existsSync(stateFileOf(path));
  const own = destination === "-" ? undefined : ownDirectory(destination, stateDirectory);
  const knownFiles = new KnownFiles(own && join(own, `${basename(destination)}.guards.json`), log);
  const channel = [reload]
    .flat()
    .flatMap((rule) => (typeof rule === "object" && "channel" in rule ? rule.channel : []));
  return {
    knownFiles,
    certificates: https && new CertificateStore(https.certificates, knownFiles, log),
    files: new FileStore(
      { paths: nginx.files, upstreamTls: nginx.upstreamTls, destination, channel: channel[0], ports, isPublished },
      knownFiles,
    ),
  };
}

/** Returns every file that restricts access and cannot be applied, with what to do. */
export function operatorFileProblems({ targets }: Config): string[] {
  const found = targets.flatMap((target) => {
    if (target.kind !== "nginx") return [];
    const { certificates, files } = openOperatorStores(target, { targets }, () => undefined);
    const { vhosts, passwords, proxy } = files.settings;
    return [vhosts, passwords, proxy, certificates?.certificates.clients].flatMap((one) => (one ? faultsIn(one) : []));
  });
  return [...new Set(found.map(faultText))];
}

function faultsIn(directory: FileDirectory): Fault[] {
  if (directory.fault) return [directory.fault];
  const names = [...directory.files.keys(), ...(directory.lost ?? [])];
  return names.flatMap((name) => {
    const guard = findFile(directory, [name]);
    return guard.kind === "unusable" ? [guard.fault] : [];
  });
}
