import type { HostName } from "../routes/grammar.ts";
import { pathKey } from "../routes/path-match.ts";
import { isPattern } from "../routes/reserved-names.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import { type Model, type ModelFields, Verbatim } from "../template/model.ts";
import type { AppliedFile } from "./files.ts";
import { faultsOf, type Guard, unusable } from "./guard.ts";
import type { AuthService, AuthState, NginxSettings } from "./settings.ts";
import { quoted, quotedWithVariables, tokens } from "./text.ts";
import { upstreamTlsFaults, upstreamTlsModel, upstreamTlsOf } from "./upstream-tls.ts";

export function authStates(hosts: readonly VirtualHost[], settings: NginxSettings): Map<string, AuthState> {
  const services = Object.entries(settings.auth ?? {});
  return new Map(services.map(([name, service]) => [name, stateOf(service, routeOf(service, hosts), settings)]));
}

/** Returns the path of a service's virtual host that has its upstream servers. */
export function routeOf({ host }: AuthService, hosts: readonly VirtualHost[]): PathRoute | undefined {
  return hosts.find((one) => one.host === host)?.paths.find(({ path }) => pathKey(path) === "/");
}

function stateOf({ host }: AuthService, route: PathRoute | undefined, settings: NginxSettings): AuthState {
  const hint = `start a container that serves ${host}, or add a static route`;
  if (!route) return { kind: "missing", problem: `no container serves its host ${host}`, hint };
  if (!isPlain(route.protocol)) {
    const problem = `its host ${host} has the protocol ${route.protocol}`;
    return { kind: "missing", problem, hint: "serve it by http or https" };
  }
  const verified = upstreamTlsOf(route, settings.defaults?.path.upstreamTls);
  const [fault] = faultsOf(upstreamTlsFaults(verified, route, settings));
  if (fault)
    return { kind: "missing", problem: `its host ${host} is closed: ${fault.problem}`, hint: fault.hint ?? hint };
  if (route.servers.length > 0) return { kind: "ready", protocol: route.protocol, verified: verified[0] };
  return { kind: "missing", problem: `no container of its host ${host} can receive requests now`, hint };
}

function isPlain(protocol: PathRoute["protocol"]): protocol is "http" | "https" {
  return protocol === "http" || protocol === "https";
}

/** Returns why a path with these services is closed. `proxyFile`: the operator's file of global proxy directives. */
export function authFaults(
  names: readonly string[],
  settings: NginxSettings,
  proxyFile: Guard<AppliedFile>,
): Guard<never>[] {
  const where = "sallyport.auth";
  if (names.length > 1) {
    const problem = `the operator requires ${names[0]} for all paths, so ${names[1]} cannot be used, too`;
    return [unusable(where, problem, "remove the label")];
  }
  return names.flatMap((name): Guard<never>[] => {
    const service = settings.auth?.[name];
    const state = settings.authStates?.get(name);
    if (!service)
      return [unusable(where, `${name} is not defined in \`nginx.auth\``, "define it, or correct the name")];
    if (state?.kind === "missing") return [unusable(`nginx.auth.${name}`, state.problem, state.hint)];
    if (proxyFile.kind !== "applied") return [];
    const set = new Set(proxyFile.value.settings);
    const lost = service.headers.filter((header) => !set.has(`proxy_set_header ${header.toLowerCase()}`));
    return lost.map((header) => {
      const problem = `replaces the headers for all apps and does not set ${header} from the response of ${name}`;
      return unusable(proxyFile.value.name, problem, `add \`proxy_set_header ${header} ${variableOf(header)};\` to it`);
    });
  });
}

/** Returns the headers that services add to requests, each with its variable. Without a service, it has the client's value. */
export function authHeaders({ auth = {} }: Pick<NginxSettings, "auth">): (readonly [name: string, variable: string])[] {
  const names = Object.values(auth).flatMap(({ headers }) => headers);
  const byKey = new Map(names.map((name) => [name.toLowerCase(), name]));
  return [...byKey.values()].map((name) => [name, variableOf(name)]);
}

/** Returns what the services need in the `http` block, apart from their upstreams. */
export function authBlocks(settings: NginxSettings): ModelFields {
  const { auth = {} } = settings;
  const signIns = Object.entries(auth).flatMap(([name, { signIn }]) =>
    signIn === undefined ? [] : [{ name: tokens(name), url: quotedWithVariables(`${signIn}${RETURN}`) }],
  );
  return {
    hasAuth: Object.keys(auth).length > 0,
    signIns,
    returnMaps: signIns.length > 0 && returnMaps(),
    authHeaders: authHeaders(settings).map(([name, variable]) => ({
      variable: tokens(variable),
      sent: tokens(`$http_${underscored(name)}`),
    })),
  };
}

/** Characters that a parameter of an address must not have, and how many of each nginx escapes: multiples of eight. */
const ESCAPED: readonly (readonly [character: string, limit: number])[] = [
  ["%", 48],
  ["&", 24],
  ["+", 8],
  [";", 8],
  ["#", 8],
];

const RETURN = "?rd=$sallyport_proto://$sallyport_host$sallyport_return";

/**
 * Returns maps that escape the address of a request as a parameter. nginx has no function for this, and an expression has
 * nine captures: each map escapes at most eight characters of the value of the map before it. An address with more
 * becomes that of the first page.
 */
function returnMaps(): ModelFields[] {
  const steps = ESCAPED.flatMap(([character, limit]) =>
    Array.from({ length: limit / 8 }, (_, index) => ({ character, skipped: character === "%" ? 8 * index : 0 })),
  );
  // Not anchored, an expression would be tried at every character of a long address.
  const tooMany = ESCAPED.map(([character, limit]) => ({
    pattern: quoted(`~^(?:[^${character}]*[${character}]){${limit + 1}}`),
    value: quoted("/"),
  }));
  const nameOf = (step: number): Verbatim => tokens(`$sallyport_return${step === steps.length ? "" : `_${step}`}`);
  return [
    { source: tokens("$request_uri"), variable: nameOf(0), cases: tooMany },
    ...steps.map(({ character, skipped }, step) => ({
      source: nameOf(step),
      variable: nameOf(step + 1),
      cases: [8, 7, 6, 5, 4, 3, 2, 1].map((count) => escaping(character, skipped, count)),
    })),
  ];
}

/** Returns the case that escapes this many characters after those that another map has escaped. */
function escaping(character: string, skipped: number, count: number): ModelFields {
  const [one, other] = [`[${character}]`, `[^${character}]*`];
  const between = `${one}(${other})`.repeat(count - 1);
  const code = character.codePointAt(0)!.toString(16).toUpperCase();
  const captures = Array.from({ length: count }, (_, index) => `$${index + 2}`);
  return {
    pattern: quoted(`~^((?:${other}${one}){${skipped}}${other})${between}${one}(.*)`),
    value: quotedWithVariables(`$1${captures.map((capture) => `%${code}${capture}`).join("")}`),
  };
}

/** Credentials, which an app verifies itself: it gets the client's where no service decides. */
const VERIFIED_BY_APPS = ["authorization", "cookie"];

/** Returns the variables of identities that a host with a service never takes from clients, on none of its paths. */
export function authIdentities(settings: NginxSettings): Verbatim[] {
  const identities = authHeaders(settings).filter(([name]) => !VERIFIED_BY_APPS.includes(name.toLowerCase()));
  return identities.map(([, variable]) => tokens(variable));
}

/**
 * Returns the host and port that a service decides on: those of the virtual host. A client of the default host may request any name,
 * and many proxies forward the X-Forwarded-Host of their clients.
 */
export function servedHost(host: string): Verbatim {
  return tokens(`${isPattern(host as HostName) ? "$host" : host}$sallyport_port`);
}

/** Returns the location of the subrequest to a service. No path of a container may have a `|`. */
export function authLocation(name: string, settings: NginxSettings): ModelFields {
  const { host, path } = settings.auth![name]!;
  const state = settings.authStates?.get(name);
  const { protocol, verified } = state?.kind === "ready" ? state : { protocol: "http", verified: undefined };
  const isNamed = verified !== undefined && settings.upstreamTls?.[verified]?.name !== undefined;
  return {
    uri: uriOf(name),
    pass: quoted(`${protocol}://${authUpstream(name)}${path}`),
    host: quoted(host),
    expectsHost: protocol === "https" && !isNamed,
    verified: verified === undefined ? [] : upstreamTlsModel(verified, "proxy", settings),
    // Headers that only a proxy may set: nginx does not repeat the client's.
    identities: authHeaders(settings)
      .filter(([header]) => !VERIFIED_BY_APPS.includes(header.toLowerCase()))
      .map(([header]) => tokens(header)),
  };
}

/** Returns what a path's location prints for the subrequest. */
export function authModel(name: string, settings: NginxSettings): Model {
  const own = new Set(settings.auth?.[name]?.headers.map((header) => header.toLowerCase()));
  return {
    uri: uriOf(name),
    name: tokens(name),
    headers: authHeaders(settings).map(([header, variable]) => ({
      variable: tokens(variable),
      // A header of another service must not come from the client.
      value: own.has(header.toLowerCase()) ? tokens(`$upstream_http_${underscored(header)}`) : new Verbatim('""'),
    })),
  };
}

export function authUpstream(name: string): string {
  return `sallyport-auth-${name}`;
}

function uriOf(name: string): Verbatim {
  return quoted(`/sallyport-auth|${name}`);
}

function variableOf(header: string): string {
  return `$sallyport_auth_${underscored(header)}`;
}

function underscored(header: string): string {
  return header.toLowerCase().replaceAll("-", "_");
}
