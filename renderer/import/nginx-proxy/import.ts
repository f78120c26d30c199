import { Document } from "yaml";
import { importFilters } from "../docker-gen/filters.ts";
import { groupPairs } from "../docker-gen/generation.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";
import { printDocument, sentence } from "../print.ts";
import { acmeOf } from "./acme.ts";
import { accessLogOf } from "./access-log.ts";
import { type InternalNetworksFile, parseInternalNetworks } from "./internal-networks.ts";
import { type Environment, invalid, parseFlag, type SettingValue } from "./setting.ts";
import { statusPageOf } from "./status-page.ts";
import { ALL_NETWORKS, VARIABLES } from "./variables.ts";

/** Paths of the parts of one setup. */
export interface Layout {
  readonly agentSocket: string;
  readonly statusSocket: string;
  readonly template: string;
  readonly channel: string;
  /** Directory of the certificates, as a path in the renderer and as a path in nginx. */
  readonly certificates: string;
  readonly certificatesInNginx: string;
  /** Directory of the ACME client's list of wanted certificates, and of its challenges. */
  readonly wanted: string;
  readonly challenges: string;
  /** Whether nginx is another container, which has a label. */
  readonly isSeparate: boolean;
  /** Name of the container that is nginx; by default the renderer's own, or the one with the label. */
  readonly container?: string;
}

/** Files of nginx-proxy that change its settings. */
export interface SettingFiles {
  /** network_internal.conf; undefined if the file does not exist. */
  readonly internalNetworks?: InternalNetworksFile | undefined;
  /** Whether nginx can listen on IPv6 here. Default: true. */
  readonly hasIpv6?: boolean;
  /** Name servers of resolv.conf. */
  readonly resolvers?: readonly string[] | undefined;
}

/** The configuration and the agent's policy, or all invalid variables. */
export type ImportedProxy =
  | { readonly kind: "imported"; readonly yaml: string; readonly policy: string; readonly notes: readonly Note[] }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

const LABEL = "com.github.nginx-proxy.nginx-proxy.nginx";

/** Translates nginx-proxy's environment and files. Reads neither. */
export function importNginxProxy(env: Environment, files: SettingFiles, layout: Layout): ImportedProxy {
  const isStrict = parseFlag(env, "SALLYPORT_STRICT");
  const variables = readVariables(env);
  const log = accessLogOf(env);
  const statusPage = statusPageOf(env);
  const acme = acmeOf(env, layout);
  const own = [statusPage, log, isStrict, acme].flatMap((one) =>
    typeof one === "object" && "problem" in one ? [one.problem] : [],
  );
  if (
    typeof isStrict === "object" ||
    "problem" in log ||
    "problem" in statusPage ||
    "problem" in acme ||
    variables.problems.length > 0
  ) {
    return { kind: "failed", problems: [...variables.problems, ...own] };
  }
  const filters = importFilterList(env["DOCKER_CONTAINER_FILTERS"] ?? "");
  const internal = files.internalNetworks && parseInternalNetworks(files.internalNetworks);
  const target = baseTarget(layout, isStrict, files);
  put(target, ["nginx", "accessLog"], log.accessLog);
  for (const [key, value] of Object.entries(acme.https)) put(target, ["https", key], value);
  if (internal) put(target, ["nginx", "internalNetworks"], internal.networks);
  if (filters.where.length > 0) put(target, ["containers", "where"], filters.where);
  if (filters.onlyPublished) put(target, ["containers", "onlyPublished"], true);
  if (filters.onlyExposed) target["onlyExposed"] = true;
  for (const { path, value } of variables.values) put(target, path, value);
  const lacksIpv6 = parseFlag(env, "ENABLE_IPV6") === true && files.hasIpv6 === false;
  if (lacksIpv6) put(target, ["nginx", "ipv6"], false);
  const label = env["NGINX_CONTAINER_LABEL"] || LABEL;
  const notes = [
    ...variables.notes,
    ...filters.notes,
    ...(internal?.notes ?? []),
    ...(lacksIpv6 ? [NO_IPV6] : []),
    ...(isStrict ? [] : [COMPATIBLE]),
    STRICTER,
  ];
  const document = new Document({
    agents: [{ socket: layout.agentSocket }],
    proxy: layout.container === undefined ? (layout.isSeparate ? { label } : "self") : { container: layout.container },
    statusSocket: layout.statusSocket,
    ...(statusPage.page !== undefined && { statusPage: statusPage.page }),
    targets: [target],
  });
  const head = "Generated from nginx-proxy's environment by `sallyport-renderer import nginx-proxy`.";
  return {
    kind: "imported",
    yaml: printDocument(document, [head, ...notes.map(sentence)]),
    policy: policyFor(layout.isSeparate ? [...filters.labels, label] : filters.labels),
    notes,
  };
}

const NO_IPV6 = skipped(
  "ENABLE_IPV6: this kernel has no IPv6, so nginx listens on IPv4 only; enable IPv6 on the Docker host, or remove the variable",
);

/** Protocols of the Upgrade header, which nginx-proxy passes on: those in use, and not `h2c`. */
const UPGRADES = ["websocket", "tcp", "SPDY/3.1", "tailscale-control-protocol", "DERP"];

const COMPATIBLE = differs(
  "as with nginx-proxy, containers may set everything, share host names with other projects, and receive requests " +
    "regardless of their health checks. Clients may send any number of concurrent requests, and switch to " +
    `${UPGRADES.join(", ")}. X-Forwarded-* headers of all clients are trusted unless TRUST_DOWNSTREAM_PROXY is false. ` +
    "SALLYPORT_STRICT=true restricts all of this",
);

const STRICTER = differs(
  "unlike with nginx-proxy, a certificate serves only names that it contains, a restriction that cannot be applied closes " +
    "its host, hosts with client certificates are not served over HTTP, VIRTUAL_DEST replaces whole path segments, and the " +
    "debug endpoint answers internal networks only (docs/reference/nginx-proxy.md#intentional-differences)",
);

interface ReadVariables {
  readonly values: readonly { readonly path: readonly string[]; readonly value: SettingValue }[];
  readonly notes: readonly Note[];
  readonly problems: readonly string[];
}

/** Reads the variables. As in nginx-proxy, an empty one is ignored. */
function readVariables(env: Environment): ReadVariables {
  const values: { path: readonly string[]; value: SettingValue }[] = [];
  const notes: Note[] = [];
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(VARIABLES)) {
    const raw = (env[name] ?? "").trim();
    if (raw === "") continue;
    if (setting.kind === "note") notes.push(...[setting.note(raw) ?? []].flat());
    else {
      const parsed = setting.parse(raw);
      if (parsed.kind === "ok") values.push(...setting.paths.map((path) => ({ path, value: parsed.value })));
      else problems.push(invalid(name, raw, parsed.reason));
    }
  }
  return { values, notes, problems: [...problems, ...duplicatePort(env)] };
}

function duplicatePort(env: Environment): string[] {
  const ports = Object.entries({ HTTP_PORT: "80", HTTPS_PORT: "443", SALLYPORT_STATUS_PORT: "" })
    .map(([name, byDefault]) => [name, (env[name] ?? "").trim() || byDefault] as const)
    .filter(([, port]) => port !== "");
  const duplicate = ports.findLast(([, port], index) => ports.findIndex(([, other]) => other === port) !== index);
  return duplicate ? [`${duplicate[0]}: port ${quoted(duplicate[1])} is used twice; choose another port`] : [];
}

type Target = Record<string, unknown>;

function baseTarget(layout: Layout, isStrict: boolean, { resolvers = [] }: SettingFiles): Target {
  const { template, channel, certificates, certificatesInNginx } = layout;
  return {
    template,
    destination: "/etc/nginx/conf.d/default.conf",
    onlyExposed: false,
    wait: "100ms:500ms",
    listen: 80,
    routing: isStrict ? {} : { containersMay: "all", sharedHosts: true, health: "ignored" },
    nginx: {
      version: "1.26",
      ...(isStrict ? {} : { trustedProxies: ALL_NETWORKS, upgrades: UPGRADES, connectionsPerAddress: 0 }),
      ...(resolvers.length > 0 && { resolvers }),
      files: {
        vhosts: "/etc/nginx/vhost.d",
        passwords: "/etc/nginx/htpasswd",
        errors: "/usr/share/nginx/html/errors",
        proxy: "/etc/nginx/proxy.conf",
      },
    },
    https: {
      certificates,
      ...(certificates === certificatesInNginx ? {} : { certificatesInNginx }),
      listen: 443,
      port: 443,
      challenges: "/usr/share/nginx/html",
    },
    reload: { channel },
  };
}

function put(target: Target, [first = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = (target[first] ?? {}) as Target;
  target[first] = inner;
  put(inner, rest, value);
}

/** Parses `key=value,key=value`. */
function importFilterList(raw: string): ReturnType<typeof importFilters> & { readonly labels: readonly string[] } {
  const pairs = raw.split(",").flatMap((pair) => (pair.trim() === "" ? [] : [pair.trim()]));
  const filters = groupPairs(pairs);
  const imported = importFilters(filters);
  const invalidPairs = pairs.filter((pair) => !pair.includes("="));
  const notes = invalidPairs.map((pair) => skipped(`DOCKER_CONTAINER_FILTERS: ${quoted(pair)} has no "="`));
  const labels = (filters["label"] ?? []).map((label) => label.replace(/=.*$/s, ""));
  return { ...imported, notes: [...imported.notes, ...notes], labels };
}

/** A policy that discloses these labels in addition to the default ones. */
function policyFor(labels: readonly string[]): string {
  const valid = labels.filter((name) => /^[\x21-\x29\x2b-\x7e]{1,255}$/.test(name));
  return `${JSON.stringify({ labels: [...new Set(valid)].toSorted() }, undefined, 2)}\n`;
}
