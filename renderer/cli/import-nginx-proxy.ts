import { readFileSync } from "node:fs";
import { type Environment, importNginxProxy, type Layout } from "../import/nginx-proxy/import.ts";
import { nameservers } from "../import/nginx-proxy/nameservers.ts";
import { sentence } from "../import/docker-gen/print.ts";
import type { CommandResult } from "./import.ts";

const USAGE = "NAME=value… sallyport-renderer import nginx-proxy [--separate] [--policy]\n";

/** Where the self-contained image has its parts. */
const IN_ONE_CONTAINER: Layout = {
  agentSocket: "/run/sallyport/agent/rpc.sock",
  statusSocket: "/run/sallyport/renderer/status.sock",
  template: "/etc/sallyport/templates/nginx.conf.hbs",
  channel: "/run/sallyport/reload",
  certificates: "/run/sallyport/certificates",
  certificatesInNginx: "/run/sallyport/certificates",
  isSeparate: false,
};

/** nginx in a container of its own, with the certificates where nginx-proxy's users have them. */
const NGINX_APART: Layout = { ...IN_ONE_CONTAINER, certificatesInNginx: "/etc/nginx/certs", isSeparate: true };

/** Exit 0: all of it is in the configuration. 1: something was left out, and said. 78: a variable says nothing it can. */
export function runImportNginxProxy(words: readonly string[], env: Environment): CommandResult {
  const flags = new Set(words);
  const [isSeparate, isPolicy] = [flags.delete("--separate"), flags.delete("--policy")];
  if (flags.size > 0) return { stdout: "", stderr: USAGE, exitCode: 64 };
  const files = {
    internalNetworks: readIfThere("/etc/nginx/network_internal.conf"),
    resolvers: nameservers(readIfThere("/etc/resolv.conf") ?? ""),
  };
  const imported = importNginxProxy(env, files, isSeparate ? NGINX_APART : IN_ONE_CONTAINER);
  if (imported.kind === "failed") {
    return { stdout: "", stderr: imported.problems.map((problem) => `${problem}\n`).join(""), exitCode: 78 };
  }
  const { yaml, policy, notes } = imported;
  // With --policy the same is said a second time.
  const stderr = isPolicy ? "" : notes.map((note) => `${sentence(note)}\n`).join("");
  const isWhole = isPolicy || notes.every(({ kind }) => kind !== "left out");
  return { stdout: isPolicy ? policy : yaml, stderr, exitCode: isWhole ? 0 : 1 };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
