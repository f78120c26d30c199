import { parse } from "yaml";
import type { Container } from "../../../shared/snapshot.ts";
import { parseBoolean } from "../../routes/option-values.ts";
import type { Environment } from "./setting.ts";

/** How a virtual host is served, in words that two programs can be compared by. */
export interface Service {
  readonly http: "served" | "redirected to HTTPS" | "503";
  /** Name of the certificate; undefined if TLS handshakes are rejected. */
  readonly certificate: string | undefined;
  /** Names of the containers that receive requests, sorted. */
  readonly containers: readonly string[];
}

const LABEL = "com.github.nginx-proxy.nginx-proxy";

/**
 * Returns what nginx-proxy does with these containers, by host name: it routes every running container and reads neither
 * certificates nor health. `stems` are the names of the certificates with a key.
 */
export function expectedServices(
  containers: readonly Container[],
  env: Environment,
  stems: ReadonlySet<string>,
): ReadonlyMap<string, Service> {
  const byHost = new Map<string, Container[]>();
  for (const container of containers.filter(({ state }) => state === "running")) {
    for (const host of new Set(hostsOf(container))) byHost.set(host, [...(byHost.get(host) ?? []), container]);
  }
  return new Map([...byHost].map(([host, members]) => [host, serviceOf(host, members, env, stems)]));
}

/** The host names that a container requests from nginx-proxy. */
export function hostsOf({ env }: Container): string[] {
  const multiports = env["VIRTUAL_HOST_MULTIPORTS"] ?? "";
  if (multiports !== "") return hostsOfYaml(multiports);
  return (env["VIRTUAL_HOST"] ?? "").split(",").flatMap((host) => host.trim() || []);
}

/** A text that is not a map of hosts routes nothing. */
function hostsOfYaml(text: string): string[] {
  try {
    const hosts = parse(text, { maxAliasCount: 0 }) as unknown;
    return typeof hosts === "object" && hosts !== null && !Array.isArray(hosts) ? Object.keys(hosts) : [];
  } catch {
    return [];
  }
}

function serviceOf(host: string, members: readonly Container[], env: Environment, stems: ReadonlySet<string>): Service {
  const first = (name: string, byDefault: string): string =>
    members.map((one) => one.env[name]).find((value) => value) ?? (env[name] || byDefault);
  const trusts = members.map(({ labels }) => labels[`${LABEL}.trust-default-cert`]).find((value) => value);
  const method = first("HTTPS_METHOD", "redirect");
  const named = members.map((one) => one.env["CERT_NAME"]).find((value) => value);
  const parent = host.slice(host.indexOf(".") + 1);
  const byName = [host, ...(parent.includes(".") ? [parent] : [])].find((stem) => stems.has(stem));
  const isDefault = isTrue(trusts ?? (env["TRUST_DEFAULT_CERT"] || "true")) && stems.has("default");
  const stem = named ?? byName ?? (isDefault ? "default" : undefined);
  const certificate = method !== "nohttps" && stem !== undefined && stems.has(stem) ? stem : undefined;
  const servesPlain =
    ["noredirect", "nohttps"].includes(method) ||
    (certificate === undefined && isTrue(first("ENABLE_HTTP_ON_MISSING_CERT", "true")));
  return {
    http: servesPlain ? "served" : method === "redirect" ? "redirected to HTTPS" : "503",
    certificate,
    containers: members.map(({ name }) => name).toSorted(),
  };
}

function isTrue(raw: string): boolean {
  const parsed = parseBoolean(raw);
  return parsed.kind === "ok" && parsed.value;
}
