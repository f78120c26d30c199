import { createHash } from "node:crypto";
import { pathKey } from "../routes/path-match.ts";
import type { PathOptions } from "../routes/options.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import type { ModelFields } from "../template/model.ts";
import type { AppliedFile } from "./files.ts";
import { authModel } from "./auth.ts";
import { type Guard, unusable } from "./guard.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted, tokens } from "./text.ts";
import { upstreamTlsOf } from "./upstream-tls.ts";

/** Requests above the rate that are served at once, by default: those of one page. */
const DEFAULT_BURST = 20;

/**
 * Zones in which nginx counts requests, one for each rate, and the size of each by their number. nginx reserves 64 MiB at
 * most, whatever containers request.
 */
const ZONES = [
  { count: 64, size: "1m" },
  { count: 256, size: "256k" },
  { count: 1_024, size: "64k" },
] as const;

const MAX_RATES = ZONES.at(-1)!.count;

/** Replicas that nginx tries for one request. */
export const DEFAULT_TRIES = 3;

const NEXT_UPSTREAM = {
  connect: "error timeout",
  status: "error timeout http_502 http_503 http_504",
  off: "off",
} as const;

/** A limit on the requests of one client. */
interface RateLimit {
  readonly rate: string;
  readonly burst: number;
}

/** What applies to the requests for a path. */
export interface PathPolicies {
  /** The path's options, with the operator's defaults. */
  readonly options: PathOptions;
  /** Lists of networks. A client has access if each of them contains it. */
  readonly allow: readonly (readonly string[])[];
  /** A further list of networks, whose clients need no password, and without a password file are the only ones. */
  readonly exempt?: readonly string[] | undefined;
  readonly rates: readonly RateLimit[];
  /** Authentication services; nginx supports one for each path. */
  readonly auth: readonly string[];
  /** How the app's certificate is verified; nginx can do one. */
  readonly upstreamTls: readonly string[];
}

type PolicySettings = Pick<NginxSettings, "defaults" | "auth">;

interface Cached {
  readonly host: string;
  readonly defaults: PolicySettings["defaults"];
  readonly auth: PolicySettings["auth"];
  readonly policies: PathPolicies;
}

/** The policies of each path. Every publication needs those of all paths, and few of them have changed. */
const cache = new WeakMap<PathRoute, Cached>();

/** Returns the policies of a path. A default of the operator that restricts access applies in addition to the path's own. */
export function policiesOf(host: string, path: PathRoute, settings: PolicySettings): PathPolicies {
  const { defaults, auth } = settings;
  const cached = cache.get(path);
  if (cached?.host === host && cached.defaults === defaults && cached.auth === auth) return cached.policies;
  const policies = decidePolicies(host, path, settings);
  cache.set(path, { host, defaults, auth, policies });
  return policies;
}

function decidePolicies(host: string, path: PathRoute, settings: PolicySettings): PathPolicies {
  const { options: own, isOperators = false } = path;
  const byDefault: PathOptions = settings.defaults?.path ?? {};
  // Clients sign in at a service's own host. There the default does not apply, and what a path requires itself does.
  const isService = Object.values(settings.auth ?? {}).some((service) => service.host === host);
  const required = isService ? [] : listOf(byDefault.auth);
  const options = { ...byDefault, ...own };
  if (isOperators) {
    const { allow, rate, rateBurst: burst = DEFAULT_BURST } = options;
    const rates = rate === undefined ? [] : [{ rate, burst }];
    return {
      options,
      ...combined([allow], options),
      rates,
      auth: own.auth === undefined ? required : [own.auth],
      upstreamTls: upstreamTlsOf(path, byDefault.upstreamTls),
    };
  }
  const [minimum, { rate, rateBurst = byDefault.rateBurst ?? DEFAULT_BURST }] = [byDefault.rate, own];
  const maxBurst = byDefault.rateBurst ?? DEFAULT_BURST;
  const isOwnBurst = rate === undefined || rate === minimum;
  const rates = [
    minimum !== undefined && { rate: minimum, burst: isOwnBurst ? Math.min(rateBurst, maxBurst) : maxBurst },
    rate !== undefined && rate !== minimum && { rate, burst: rateBurst },
  ].filter((limit) => limit !== false);
  const isInternal = [byDefault.access, own.access].includes("internal");
  const isStrict = byDefault.headers === "strict";
  return {
    options: {
      ...options,
      ...(isInternal && { access: "internal" as const }),
      ...(isStrict && { headers: "strict" as const }),
    },
    ...(own.allow || byDefault.satisfy === "any"
      ? combined([byDefault.allow, own.allow], options)
      : combined([byDefault.allow], {})),
    rates,
    upstreamTls: upstreamTlsOf(path, byDefault.upstreamTls),
    auth: [...new Set([...required, ...listOf(own.auth)])],
  };
}

function listOf(name: string | undefined): string[] {
  return name === undefined ? [] : [name];
}

/** With `satisfy: any` the last list is that of clients which need no password. */
function combined(
  all: readonly (readonly string[] | undefined)[],
  { satisfy }: PathOptions,
): Pick<PathPolicies, "allow" | "exempt"> {
  const lists = all.flatMap((list) => (list ? [list] : []));
  return satisfy === "any" ? { allow: lists.slice(0, -1), exempt: lists.at(-1) } : { allow: lists };
}

/** Returns what the policies of all paths need in the `http` block: lists of networks, and zones to count requests in. */
export function policyBlocks(hosts: readonly VirtualHost[], settings: NginxSettings): ModelFields {
  const all = allPolicies(hosts, settings);
  const lists = new Map<string, readonly string[]>();
  const originLists = new Map<string, readonly string[]>();
  const realms = new Map<string, string>();
  for (const {
    allow,
    exempt,
    options: { cors },
  } of all) {
    for (const list of allow) lists.set(allowedVariable(list), list);
    if (exempt) {
      lists.set(allowedVariable(exempt), exempt);
      realms.set(realmVariable(exempt), allowedVariable(exempt));
    }
    if (cors && !isEvery(cors)) originLists.set(originVariable(cors), cors);
  }
  const rates = ratesOf(all).slice(0, MAX_RATES);
  const { size } = ZONES.find(({ count }) => rates.length <= count)!;
  return {
    allowLists: [...lists].map(([variable, networks]) => ({ variable: tokens(variable), networks: [...networks] })),
    originLists: [...originLists].map(([variable, list]) => ({
      variable: tokens(variable),
      origins: list.map(quoted),
    })),
    realms: [...realms].map(([variable, allowed]) => ({ variable: tokens(variable), allowed: tokens(allowed) })),
    rateZones: rates.map((rate) => ({ zone: tokens(`${zoneOf(rate)}:${size}`), rate: tokens(rate) })),
  };
}

/** Returns whether a path needs the variables of headers that nginx adds. */
export function presetsOf(hosts: readonly VirtualHost[], settings: NginxSettings) {
  const all = allPolicies(hosts, settings).map(({ options }) => options);
  return {
    usesStrictHeaders: all.some(({ headers }) => headers === "strict"),
    usesCors: all.some(({ cors }) => cors !== undefined),
  };
}

/** Returns the rates for which nginx has no zone, because there are too many; those that most paths have come first. */
export function excessRates(hosts: readonly VirtualHost[], settings: NginxSettings): string[] {
  return ratesOf(allPolicies(hosts, settings)).slice(MAX_RATES);
}

/** Returns why a path is closed: a rate that nginx cannot count. */
export function rateFaults({ rates }: PathPolicies, { excessRates: excess = [] }: NginxSettings): Guard<never>[] {
  return rates
    .filter(({ rate }) => excess.includes(rate))
    .map(({ rate }) =>
      unusable(
        "sallyport.rate",
        `${written(rate)} is one of more than ${MAX_RATES} different rates, which nginx does not count`,
        "use a rate that other containers use",
      ),
    );
}

/** Returns the policies of a path as its location prints them, without directives that the operator's file has. */
export function policyModel(
  host: string,
  path: PathRoute,
  settings: NginxSettings,
  extra: Guard<AppliedFile>,
  hasPasswords: boolean,
): ModelFields {
  const { options, allow, exempt, rates, auth } = policiesOf(host, path, settings);
  const only = exempt && !hasPasswords ? [...allow, exempt] : allow;
  const { compress, cors, headers, retry, retryTries } = options;
  const inFile = new Set(extra.kind === "applied" ? extra.value.settings : []);
  return {
    allowed: [...new Set(only.map((list) => allowedVariable(list)))].map((variable) => tokens(variable)),
    realm: exempt && hasPasswords ? tokens(realmVariable(exempt)) : false,
    auth: auth[0] !== undefined && !inFile.has("auth_request") && authModel(auth[0], settings),
    // Paths with the same rate share a zone, and each counts for itself.
    counted: rates.length > 0 && tokens(hashOf(`${host} ${pathKey(path.path)}`)),
    limits: rates.map(({ rate, burst }) => ({ zone: tokens(zoneOf(rate)), burst })),
    limitStatus: rates.length > 0 && !inFile.has("limit_req_status"),
    headers: headers === "strict",
    cors: cors !== undefined && {
      value: isEvery(cors) ? quoted("*") : tokens(originVariable(cors)),
      varies: !isEvery(cors),
    },
    compresses: compress === true && !inFile.has("gzip"),
    compressesTypes: compress === true && !inFile.has("gzip_types"),
    retry: retry === undefined ? false : tokens(NEXT_UPSTREAM[retry]),
    retryTries: retryTries ?? triesDuringUpdate(path) ?? false,
  };
}

/**
 * Returns the number of replicas to try for one request, while more of them may still be starting than nginx tries by default
 * and a task of the swarm that leaves can answer.
 */
function triesDuringUpdate({ servers }: PathRoute): number | undefined {
  const starting = servers.filter(({ backup }) => !backup).length;
  const isUpdate = servers.some(({ backup, isRemote }) => backup === true && isRemote === true);
  return isUpdate && starting >= DEFAULT_TRIES ? starting + 1 : undefined;
}

export function describePolicies(
  { allow, exempt, rates, auth, upstreamTls }: PathPolicies,
  settings: NginxSettings | undefined,
  hasPasswords: boolean,
): string[] {
  const listed = exempt?.join(", ");
  return [
    ...auth.map((name) => `authentication: ${name} at ${settings?.auth?.[name]?.host ?? "an unknown host"}`),
    ...upstreamTls.map((name) => `the app's certificate is verified: ${name}`),
    ...allow.map((networks) => `only for ${networks.join(", ")}`),
    ...(listed === undefined ? [] : [hasPasswords ? `without a password for ${listed}` : `only for ${listed}`]),
    ...rates.map(({ rate, burst }) => `rate limit of each client: ${written(rate)}, burst ${burst}`),
  ];
}

function allPolicies(hosts: readonly VirtualHost[], settings: NginxSettings): PathPolicies[] {
  const all: PathPolicies[] = [];
  for (const { host, paths } of hosts) for (const path of paths) all.push(policiesOf(host, path, settings));
  return all;
}

/** The rates of all paths. Those that most paths have come first. */
function ratesOf(policies: readonly PathPolicies[]): string[] {
  const counts = new Map<string, number>();
  for (const { rates } of policies) for (const { rate } of rates) counts.set(rate, (counts.get(rate) ?? 0) + 1);
  return [...counts].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).map(([rate]) => rate);
}

/** The rate as operators write it. */
function written(rate: string): string {
  return rate.replace("r/", "/");
}

function allowedVariable(networks: readonly string[]): string {
  return `$sallyport_allowed_${hashOf(networks.join(" "))}`;
}

function zoneOf(rate: string): string {
  return `sallyport_rate_${rate.replace("/", "_")}`;
}

function realmVariable(networks: readonly string[]): string {
  return `$sallyport_realm_${hashOf(networks.join(" "))}`;
}

function isEvery(origins: readonly string[]): boolean {
  return origins[0] === "*";
}

function originVariable(origins: readonly string[]): string {
  return `$sallyport_origin_${hashOf(origins.join(" "))}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
