import { lstatSync } from "node:fs";
import * as net from "node:net";
import { readOrEmpty } from "../disk/read-or-empty.ts";
import { readText } from "../disk/read-text.ts";
import { importNginxProxy, type Layout } from "../import/nginx-proxy/import.ts";
import type { InternalNetworksFile } from "../import/nginx-proxy/internal-networks.ts";
import { nameservers } from "../import/nginx-proxy/nameservers.ts";
import type { Environment } from "../import/nginx-proxy/setting.ts";
import { parseConfig } from "../config/load.ts";
import { printedImport } from "./import.ts";
import { rehearse } from "./rehearse.ts";
import { type CommandResult, EX_CONFIG, failed } from "./result.ts";

/** Paths in the self-contained image. */
const IN_ONE_CONTAINER: Layout = {
  agentSocket: "/run/sallyport/agent/rpc.sock",
  statusSocket: "/run/sallyport/renderer/status.sock",
  template: "/etc/sallyport/templates/nginx.conf.hbs",
  channel: "/run/sallyport/reload",
  certificates: "/run/sallyport/certificates",
  certificatesInNginx: "/run/sallyport/certificates",
  wanted: "/run/sallyport/acme",
  challenges: "/run/sallyport/challenges",
  isSeparate: false,
};

/** nginx in a container of its own, with the certificates where nginx-proxy has them. */
const SEPARATE_NGINX: Layout = { ...IN_ONE_CONTAINER, certificatesInNginx: "/etc/nginx/certs", isSeparate: true };

export interface ImportOptions {
  readonly separate?: boolean;
  readonly policy?: boolean;
  /** Name of nginx-proxy's container. */
  readonly rehearse?: string;
}

/** Whether the kernel lets a process listen on IPv6. A port that is in use, for example, does not matter. */
async function canListenOnIpv6(): Promise<boolean> {
  const server = net.createServer();
  const code = await new Promise((resolve) => {
    server.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code)).listen(0, "::", () => resolve("ok"));
  });
  server.close();
  return code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL";
}

/** Returns undefined only if there is no such file. */
function readInternalNetworks(file: string): InternalNetworksFile | undefined {
  if (!lstatSync(file, { throwIfNoEntry: false })) return undefined;
  const found = readText(file);
  return "text" in found ? found : { problem: found.problem };
}

/**
 * Prints the configuration, or the agent's policy, for the environment of nginx-proxy. Exit code 1 if something is not
 * imported; standard error names it. Exit code 78 if a variable is invalid.
 */
export async function runImportNginxProxy(
  { separate = false, policy: isPolicy = false, rehearse: container }: ImportOptions,
  env: Environment,
): Promise<CommandResult> {
  const files = {
    hasIpv6: await canListenOnIpv6(),
    internalNetworks: readInternalNetworks("/etc/nginx/network_internal.conf"),
    resolvers: nameservers(readOrEmpty("/etc/resolv.conf")),
  };
  const layout = separate ? SEPARATE_NGINX : IN_ONE_CONTAINER;
  const imported = importNginxProxy(env, files, container === undefined ? layout : { ...layout, container });
  if (imported.kind === "failed") return failed(imported.problems, EX_CONFIG);
  if (container === undefined) return printedImport(imported, isPolicy);
  const config = parseConfig(imported.yaml, "imported configuration");
  return "problems" in config ? failed(config.problems, EX_CONFIG) : await rehearse(config, env, imported.notes);
}
