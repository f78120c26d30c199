import { createHash } from "node:crypto";
import { shellArgument } from "../routes/shell-argument.ts";
import { type HostName, parseHost } from "../routes/grammar.ts";
import { pathKey } from "../routes/path-match.ts";
import type { HostOptions } from "../routes/options.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import { type ClientFiles, clientFilesOf, tlsForClients, withVerifiedClients } from "./certificates/clients.ts";
import { type AppliedFile, findFile, nameForFiles } from "./files.ts";
import type { FileDirectory } from "./operator-files/directory.ts";
import { endpointFaults } from "./upstream.ts";
import { upstreamTlsFaults } from "./upstream-tls.ts";
import { ABSENT, type Fault, faultsOf, type Guard, unusable } from "./guard.ts";
import { authFaults } from "./auth.ts";
import { type PathPolicies, policiesOf, rateFaults } from "./path-policies.ts";
import { internalNetworksOf, type NginxSettings } from "./settings.ts";

/** What restricts a virtual host and its files. With a fault, nginx responds with 503 for the whole host. */
export interface HostAccess {
  /** The host's options with the operator's defaults. */
  readonly options: HostOptions;
  readonly clients: Guard<ClientFiles>;
  /** Directives of the operator for the whole host. */
  readonly extra: Guard<AppliedFile>;
  readonly faults: readonly Fault[];
}

/** What restricts a path of a virtual host. With a fault, nginx responds with 503 for the path. */
export interface PathAccess {
  readonly passwords: Guard<AppliedFile>;
  /** Directives of the operator in the path's location, and those that replace the location. */
  readonly extra: Guard<AppliedFile>;
  readonly override: Guard<AppliedFile>;
  /** Whether only clients of the internal networks have access. */
  readonly isInternal: boolean;
  readonly policies: PathPolicies;
  readonly faults: readonly Fault[];
}

/** Decides how a host is restricted, and whether it is closed because a restriction cannot be applied. */
export function hostAccess({ host, options: own, redirectTo }: VirtualHost, settings: NginxSettings): HostAccess {
  const { files, https, defaults } = settings;
  const certificates = https?.certificates;
  // Without an ACME client of Sallyport, another one may read LETSENCRYPT_HOST, such as acme-companion.
  const requested = { ...defaults?.host, ...own, ...(!https?.acme && { acme: "none" as const }) };
  const options = withVerifiedClients(host, requested, certificates);
  const clients = clientFilesOf(host, options, certificates);
  const name = nameForFiles(host);
  const extra = redirectTo === undefined ? findFile(files?.vhosts, [name, "default"]) : ABSENT;
  const tls = tlsForClients(host, options, certificates);
  const faults = faultsOf([maintenanceOf(host, settings), findProxyFile(settings), extra, clients, tls]);
  return { options, clients, extra, faults };
}

/** Where a host is closed that the operator has put under maintenance. */
export const MAINTENANCE = "maintenance";

function maintenanceOf(host: HostName, { maintenance }: NginxSettings): Guard<never> {
  if (!maintenance?.has(host)) return ABSENT;
  return unusable(
    MAINTENANCE,
    "the operator closed the host",
    `run \`sallyport-renderer maintenance ${shellArgument(host)} off\``,
  );
}

/** The same for one path of the host. */
export function pathAccess(host: string, route: PathRoute, settings: NginxSettings): PathAccess {
  const { files } = settings;
  const names = files?.passwords || files?.vhosts ? pathFileNames(host, route) : NO_NAMES;
  const policies = policiesOf(host, route, settings);
  const passwords = passwordsOf(files?.passwords, names.passwords, policies.options.passwords);
  const extra = findFile(files?.vhosts, names.extra);
  const override = findFile(files?.vhosts, names.override);
  const isInternal = policies.options.access === "internal";
  const networks = isInternal && internalNetworksOf(settings).length === 0 ? NO_NETWORKS : ABSENT;
  const guards = [
    passwords,
    extra,
    override,
    ...replaced(override, [
      ...(passwords.kind === "applied" ? ["auth_basic"] : []),
      ...(isInternal || policies.allow.length > 0 || policies.exempt ? ["deny"] : []),
      ...(policies.rates.length > 0 ? ["limit_req"] : []),
      ...(policies.auth.length > 0 ? ["auth_request"] : []),
      ...(policies.upstreamTls.length > 0 ? [route.protocol === "grpcs" ? "grpc_ssl_verify" : "proxy_ssl_verify"] : []),
    ]),
    networks,
    ...rateFaults(policies, settings),
    ...endpointFaults(route.servers, settings),
    ...upstreamTlsFaults(policies.upstreamTls, route, settings),
    ...authFaults(policies.auth, settings, findProxyFile(settings)),
  ];
  const requested = (route.faults ?? []).map((one) => ({ where: `container ${one.container}`, problem: one.reason }));
  return { passwords, extra, override, isInternal, policies, faults: [...requested, ...faultsOf(guards)] };
}

/** Returns every reason for which nginx responds with 503 although containers could serve the host. */
export function closedBy(virtualHost: VirtualHost, settings: NginxSettings): Fault[] {
  const { host, paths } = virtualHost;
  const faults = [
    ...hostAccess(virtualHost, settings).faults,
    ...paths.flatMap((route) => pathAccess(host, route, settings).faults),
  ];
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/** Returns the password file of a host or path, or the one that a container names. */
function passwordsOf(
  found: FileDirectory | undefined,
  own: readonly string[],
  name: string | undefined,
): Guard<AppliedFile> {
  const ofHost = findFile(found, own);
  if (name === undefined) return ofHost;
  const where = "sallyport.passwords";
  if (!found) return unusable(where, "`nginx.files.passwords` is not set", "set it, or remove the label");
  if (ofHost.kind !== "absent") {
    const problem = `${own.at(-1)} has its own password file, and nginx applies only one, so @${name} cannot be used, too`;
    return unusable(where, problem, "remove the label or the file");
  }
  const named = findFile(found, [`@${name.toLowerCase()}`]);
  const path = `${found.directory}/@${name}`;
  return named.kind === "absent" ? unusable(where, `${path} does not exist`, "create it, or correct the name") : named;
}

/** Returns the file of global proxy directives: it may restrict every host. */
export function findProxyFile({ files }: NginxSettings): Guard<AppliedFile> {
  return findFile(files?.proxy, [...(files?.proxy?.files.keys() ?? []), ...(files?.proxy?.lost ?? [])]);
}

/** Returns the `http` directives of the operator's files: nginx accepts most of them only once. */
export function operatorDirectives(settings: NginxSettings): ReadonlySet<string> {
  const proxy = findProxyFile(settings);
  const inProxyFile = proxy.kind === "applied" ? proxy.value.settings : undefined;
  return new Set([...(settings.files?.siblingDirectives ?? []), ...(inProxyFile ?? [])]);
}

/** Returns the operator's files that restrict access and that no virtual host uses. */
export function unusedFiles(virtualHosts: readonly VirtualHost[], settings: NginxSettings): Fault[] {
  return unusedNames(virtualHosts, settings).map(({ path }) => {
    const problem = "no virtual host uses this file, and requests for its name return 503";
    return { where: path, problem, hint: "name it like the host, or remove it" };
  });
}

/** Returns the host names of these files: a wildcard or the default host must not serve them without the restriction. */
export function restrictedNames(virtualHosts: readonly VirtualHost[], settings: NginxSettings): HostName[] {
  return unusedNames(virtualHosts, settings).flatMap(({ name }) => {
    const parsed = parseHost(name.replace(/(_[0-9a-f]{40})?(_location(_override)?)?$|\.(ca\.)?cr[tl](\.pem)?$/, ""));
    return parsed.kind === "ok" ? [parsed.value] : [];
  });
}

interface UnusedFile {
  readonly name: string;
  readonly path: string;
}

function unusedNames(virtualHosts: readonly VirtualHost[], { files, https }: NginxSettings): UnusedFile[] {
  const directories = [files?.vhosts, files?.passwords, https?.certificates.clients];
  if (!directories.some((found) => found && [...found.files.values()].some(({ restricts }) => restricts))) return [];
  const used = new Set(["default", "default_location", "ca.crt", "ca.crl.pem"]);
  for (const { host, paths } of virtualHosts) {
    const name = nameForFiles(host);
    for (const one of [name, `${name}.ca.crt`, `${name}.crl.pem`, `${name}.ca.crl.pem`]) used.add(one);
    for (const route of paths) for (const one of Object.values(pathFileNames(host, route)).flat()) used.add(one);
  }
  return directories.flatMap((found) =>
    [...(found?.files ?? [])].flatMap(([key, { name, restricts }]) => {
      // Containers name these.
      if (restricts !== true || used.has(key) || key.startsWith("@")) return [];
      return [{ name, path: `${found!.directory}/${name}` }];
    }),
  );
}

const NO_NETWORKS = unusable(
  "nginx.internalNetworks",
  "NETWORK_ACCESS is internal, and no network is internal",
  "list the networks of internal clients",
);

type PathFileNames = Readonly<Record<"passwords" | "extra" | "override", readonly string[]>>;

const NO_NAMES: PathFileNames = { passwords: [], extra: [], override: [] };

/** Names of a path's files, the most specific first. */
function pathFileNames(host: string, { path }: PathRoute): PathFileNames {
  const [name, key] = [nameForFiles(host), pathKey(path)];
  const hashed = `${name}_${createHash("sha1").update(key).digest("hex")}`;
  return {
    passwords: [hashed, name],
    extra: [`${hashed}_location`, `${name}_location`, "default_location"],
    override: [`${hashed}_location_override`, ...(key === "/" ? [`${name}_location_override`] : [])],
  };
}

/** A file that replaces the location must restrict it itself, by these directives: those of the location are gone. */
function replaced(override: Guard<AppliedFile>, needed: readonly string[]): Guard<never>[] {
  if (override.kind !== "applied") return [];
  const { name: file, directives = [] } = override.value;
  const missing = needed.filter((name) => !directives.includes(name));
  return missing.map((name) => {
    const problem = `it replaces a location that is restricted, and has no \`${name}\``;
    return unusable(file, problem, `add \`${name}\` to it`);
  });
}
