import { createHash } from "node:crypto";
import { isIP, isIPv6 } from "node:net";
import type { Balance } from "../routes/option-values.ts";
import { pathKey } from "../routes/path-match.ts";
import type { PathRoute } from "../routes/routes.ts";
import type { UpstreamServer } from "../routes/routes.ts";
import type { Model, ModelFields, Verbatim } from "../template/model.ts";
import { type Guard, unusable } from "./guard.ts";
import { policiesOf } from "./path-policies.ts";
import type { NginxSettings } from "./settings.ts";
import { tokens } from "./text.ts";
import { hasResolve, hasSticky, keepsConnections } from "./version.ts";

/** nginx's directives by balancing method; round robin is nginx's default. */
const DIRECTIVES: Readonly<Record<Balance, string | undefined>> = {
  "round-robin": undefined,
  "least-conn": "least_conn",
  "ip-hash": "ip_hash",
  "hash-address": "hash $binary_remote_addr consistent",
  "hash-uri": "hash $request_uri consistent",
  random: "random two least_conn",
};

/** Balancing methods with which nginx accepts no `backup`. */
const WITHOUT_BACKUP: readonly Balance[] = ["ip-hash", "hash-address", "hash-uri", "random"];

/** A host name with a dot that is not an address. */
const PLAIN_NAME = /^(?=.*[a-z])[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;

/** A host name that looks like the upstream of another host's path. */
const LIKE_PATH = /-[0-9a-f]{40}$/;

/** Longest upstream name that is not hashed, in characters. */
const MAX_NAME = 200;

/** Seconds for which a failed replica receives no requests. */
const FAIL_TIMEOUT_S = 1;

/** Returns the `upstream` block of a path that has servers. `isSecure`: clients use HTTPS only. */
export function upstreamModel(host: string, route: PathRoute, settings: NginxSettings, isSecure: boolean): ModelFields {
  const { path, servers, draining = [] } = route;
  const { balance: method, keepalive = "auto", sticky } = policiesOf(host, route, settings).options;
  const isSticky = sticky === "cookie" && hasSticky(settings);
  // These methods decide by the client or the request, which the cookie replaces.
  const balance = method === undefined || (isSticky && WITHOUT_BACKUP.includes(method)) ? "round-robin" : method;
  const directive = DIRECTIVES[balance];
  return {
    name: upstreamName(host, pathKey(path), settings),
    balance: directive === undefined ? false : tokens(directive),
    sticky: isSticky && tokens(...stickyCookie(host, pathKey(path), isSecure)),
    servers: [
      ...serverModels(servers, !WITHOUT_BACKUP.includes(balance)),
      // A replica that is stopping serves only clients that it served before.
      ...(isSticky ? draining.map((server) => serverModel({ ...server, backup: false }, false, "drain")) : []),
    ],
    resolver: resolverModel(servers),
    keepalive: keepalive === "auto" ? 2 * servers.length : keepalive,
    disablesKeepalive: keepalive === 0 && keepsConnections(settings),
  };
}

/**
 * Returns nginx-proxy's name of the upstream, which operators' files may use: the host, and the SHA-1 of the path. A name
 * that could be that of a container or of another upstream is hashed: requests of an operator's file for an app in the
 * same network must not be sent to a container that requests its name.
 */
export function upstreamName(host: string, path: string, { files }: Pick<NginxSettings, "files">): string {
  const name = path === "/" ? host : `${host}-${createHash("sha1").update(path).digest("hex")}`;
  const isSafe = PLAIN_NAME.test(host) && !LIKE_PATH.test(host) && name.length <= MAX_NAME;
  if (isSafe && files?.siblingDirectives?.includes(`upstream ${name}`) !== true) return name;
  const key = path === "/" ? host : `${host} ${path}`;
  return `sallyport-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
}

/** The cookie has a random value for each replica, and no address of one. */
function stickyCookie(host: string, path: string, isSecure: boolean): string[] {
  const name = `replica_${createHash("sha256").update(`${host} ${path}`).digest("hex").slice(0, 8)}`;
  return ["cookie", name, "path=/", "httponly", "samesite=lax", ...(isSecure ? ["secure"] : [])];
}

/**
 * Returns the lines of an `upstream` block. nginx rejects one that has only backups. Servers on other machines can time out, and
 * nginx refuses every request while each of several servers has failed once: as backups they are tried nevertheless.
 */
export function serverModels(servers: readonly UpstreamServer[], takesBackup: boolean): ModelFields[] {
  const hasMain = servers.some(({ backup }) => !backup);
  const main = servers.filter(({ backup }) => !backup);
  const backups =
    takesBackup && hasFallback(main) ? main.map((server) => ({ ...server, backup: true, maxFails: 0 })) : [];
  return [...servers, ...backups].map((server) => serverModel(server, takesBackup && hasMain));
}

function serverModel(server: UpstreamServer, takesBackup: boolean, ...more: readonly string[]): ModelFields {
  return {
    endpoint: endpointOf(server),
    container: server.container,
    parameters: parametersOf(server, takesBackup, more),
  };
}

/** Whether there are several servers, of which one may be silent because it is on another machine. */
export function hasFallback(servers: readonly UpstreamServer[]): boolean {
  return servers.length > 1 && servers.some(({ isRemote }) => isRemote);
}

/** Docker's DNS in a container, and the seconds for which nginx uses an answer, whose own lifetime is ten minutes. */
const RESOLVER = ["127.0.0.11", "valid=1s"];

/** Returns the parameters of `resolver`; false if every server has an address. */
export function resolverModel(servers: readonly UpstreamServer[]): Model {
  return servers.some(hasName) && tokens(...RESOLVER);
}

/** Returns why a path is closed: nginx cannot follow the name of a service. */
export function endpointFaults(servers: readonly UpstreamServer[], settings: NginxSettings): Guard<never>[] {
  if (!servers.some(hasName) || hasResolve(settings)) return [];
  const { version = "of an unknown version (`nginx.version`)" } = settings;
  const problem = `"dns" needs nginx 1.27.3 or newer, and nginx is ${version}`;
  return [unusable("sallyport.endpoint", problem, "update nginx, or remove the label to connect to the tasks")];
}

function hasName({ address }: UpstreamServer): boolean {
  return isIP(address) === 0;
}

function endpointOf({ address, port }: UpstreamServer): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function parametersOf(server: UpstreamServer, takesBackup: boolean, more: readonly string[]): Verbatim {
  const { weight, backup, maxFails = 1, failTimeout = FAIL_TIMEOUT_S, maxConnections } = server;
  return tokens(
    ...(hasName(server) ? ["resolve"] : []),
    ...(weight === undefined ? [] : [`weight=${weight}`]),
    `max_fails=${maxFails}`,
    `fail_timeout=${failTimeout}s`,
    ...(maxConnections === undefined ? [] : [`max_conns=${maxConnections}`]),
    ...(backup && takesBackup ? ["backup"] : []),
    ...more,
  );
}
