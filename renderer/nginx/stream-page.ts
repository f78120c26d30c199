import { createHash } from "node:crypto";
import type { Balance } from "../routes/option-values.ts";
import type { PathOptions } from "../routes/options.ts";
import { isPattern } from "../routes/reserved-names.ts";
import { ROOT } from "../routes/path-match.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import { parseStreamName } from "../routes/stream-name.ts";
import type { Model, ModelFields, Page, Verbatim } from "../template/model.ts";
import { type Fault, faultsOf } from "./guard.ts";
import { DEFAULT_TRIES, policiesOf } from "./path-policies.ts";
import { internalNetworksOf, type NginxSettings } from "./settings.ts";
import { quoted, tokens } from "./text.ts";
import { endpointFaults, resolverModel, serverModels } from "./upstream.ts";

/** Seconds without data after which nginx closes a connection, or forgets a client of UDP. */
const TIMEOUT_S = { tcp: 600, tls: 600, udp: 30 };

/** nginx's directives by balancing method, and whether nginx accepts `backup` with it. */
const DIRECTIVES: Readonly<Record<Balance, readonly [directive: string | undefined, takesBackup: boolean]>> = {
  "round-robin": [undefined, true],
  "least-conn": ["least_conn", true],
  "ip-hash": ["hash $remote_addr consistent", false],
  "hash-address": ["hash $remote_addr consistent", false],
  "hash-uri": [undefined, true],
  random: ["random two least_conn", false],
};

/** Keys of nginx's `map` that are no names. */
const MAP_KEYWORDS = ["default", "hostnames", "include", "volatile"];

/** Which clients may connect to a stream. */
export interface StreamAccess {
  /** The only networks; undefined if all clients may. */
  readonly allow: readonly string[] | undefined;
  /** Why the stream is closed. */
  readonly faults: readonly Fault[];
}

/** Decides which clients may connect to a stream. What restricts access and cannot be applied closes it. */
export function streamAccess({ host, paths: [path] }: VirtualHost, settings: NginxSettings): StreamAccess {
  const requested = (path?.faults ?? []).map((one) => ({ where: `container ${one.container}`, problem: one.reason }));
  const isNamed = parseStreamName(host)?.protocol === "tls";
  const [allow, ...more] = restrictionsOf(path?.options, settings);
  const { access, allow: own, auth } = path?.options ?? {};
  const isOwn = access === "internal" || own !== undefined;
  const where = own === undefined ? "sallyport.network-access" : "sallyport.allow";
  const faults = [
    ...requested,
    ...faultsOf(endpointFaults(path?.servers ?? [], settings)),
    ...(allow?.length === 0
      ? [{ where, problem: "no network is internal", hint: "list `nginx.internalNetworks`" }]
      : []),
    ...(isNamed && isOwn
      ? [{ where, problem: "nginx cannot restrict the clients of a server name", hint: "use `sallyport.tcp`" }]
      : []),
    ...(auth === undefined
      ? []
      : [
          {
            where: "sallyport.auth",
            problem: "an authentication service cannot check a stream",
            hint: "use `sallyport.allow`",
          },
        ]),
    ...(more.length > 0
      ? [
          {
            where,
            problem: "nginx applies only one list of networks to a stream, and several are set",
            hint: "keep one",
          },
        ]
      : []),
  ];
  return { allow, faults };
}

/** Returns lists of networks, each of which must contain a client. Those of the operator's `pathDefaults` apply, too. */
function restrictionsOf(options: PathOptions = {}, settings: NginxSettings): (readonly string[])[] {
  const { options: merged, allow } = policiesOf("", { path: ROOT, protocol: "tcp", options, servers: [] }, settings);
  const all = [...allow, ...(merged.access === "internal" ? [internalNetworksOf(settings)] : [])];
  return [...new Map(all.map((list) => [list.join(), list])).values()];
}

/** Returns the streams as the template prints them: every value is safe where the template puts it. */
export function streamPage({ virtualHosts, reserved = [] }: Published, settings: NginxSettings): Page<VirtualHost> {
  const { connectionsPerAddress = 2_000, proxyProtocol = false, trustedProxies = [], streams } = settings;
  const served = virtualHosts.filter(
    (one) => serversOf(one).length > 0 && streamAccess(one, settings).faults.length === 0,
  );
  const named = served.filter(({ host }) => parseStreamName(host)?.protocol === "tls");
  const names = new Set(named.map(({ host }) => serverName(host)));
  const others = [...virtualHosts.map(({ host }) => host), ...reserved].filter((host) => isServerName(host));
  return {
    fields: {
      isUsed: served.length > 0,
      connectionsPerAddress,
      trustedProxies: proxyProtocol ? trustedProxies : [],
      tls: named.length > 0 &&
        streams?.sni !== undefined && {
          listens: listensOf(streams.sni, "tls", settings),
          names: named.map(({ host }) => ({ name: mapKey(serverName(host)), upstream: upstreamOf(host) })),
          // nginx rejects a name that it finds twice.
          reserved: [...new Set(others.map(serverName))].filter((name) => !names.has(name)).map(mapKey),
          allow: allowModel(restrictionsOf({}, settings)[0]),
          timeout: seconds(Math.max(...named.map((one) => timeoutOf(one)))),
        },
    },
    hosts: served,
    settings,
    modelOf: (host) => streamModel(host, settings),
  };
}

function streamModel(stream: VirtualHost, settings: NginxSettings): ModelFields {
  const { protocol = "tcp", name = "" } = parseStreamName(stream.host) ?? {};
  const { balance = "round-robin", retry, retryTries = DEFAULT_TRIES } = optionsOf(stream.paths[0]?.options, settings);
  const [directive, takesBackup] = DIRECTIVES[balance];
  const { allow } = streamAccess(stream, settings);
  return {
    upstream: upstreamOf(stream.host),
    balance: directive === undefined ? false : tokens(directive),
    servers: serverModels(serversOf(stream), takesBackup),
    resolver: resolverModel(serversOf(stream)),
    server: protocol !== "tls" && {
      listens: listensOf(Number(name), protocol, settings),
      allow: allowModel(allow),
      timeout: seconds(timeoutOf(stream)),
      retries: retry === "off" ? "off" : "on",
      tries: retryTries,
    },
  };
}

function allowModel(networks: readonly string[] | undefined): Model {
  return networks === undefined ? false : networks.map((one) => tokens(one));
}

/** A timeout of paths is one for requests, so it is no default for streams. */
function optionsOf(options: PathOptions = {}, { defaults }: NginxSettings): PathOptions {
  return { ...defaults?.path, ...options };
}

function serversOf({ paths }: VirtualHost) {
  return paths.flatMap(({ servers }) => servers);
}

function timeoutOf({ host, paths }: VirtualHost): number {
  return paths[0]?.options.timeout ?? TIMEOUT_S[parseStreamName(host)?.protocol ?? "tcp"];
}

/** Whether the name may be that of a TLS connection: of a stream, or reserved by the operator. */
function isServerName(host: string): boolean {
  const { protocol = "tls" } = parseStreamName(host) ?? {};
  return protocol === "tls" && !host.startsWith("~");
}

/** The server name of a stream, or a reserved one. */
function serverName(host: string): string {
  return parseStreamName(host)?.name ?? host;
}

/** The name, escaped where `map` has a keyword of its own. */
function mapKey(name: string): Verbatim {
  return quoted(MAP_KEYWORDS.includes(name) ? `\\${name}` : name);
}

/** All names are of letters that nginx accepts, and none is that of a virtual host. A hash follows two dashes: no name begins with one. */
function upstreamOf(host: string): Verbatim {
  const { protocol = "tcp", name = "" } = parseStreamName(host) ?? {};
  const isLong =
    protocol === "tls" && (isPattern(host as VirtualHost["host"]) || name.length > 100 || !/^[a-z0-9.-]+$/.test(name));
  return tokens(`${protocol}-${isLong ? `-${createHash("sha256").update(name).digest("hex").slice(0, 16)}` : name}`);
}

function listensOf(port: number, protocol: "tcp" | "udp" | "tls", { ipv6, proxyProtocol }: NginxSettings): Model {
  const sockets = [`${port}`, ...(ipv6 ? [`[::]:${port}`] : [])];
  // With a socket for each worker, all datagrams of a client reach the same one. The PROXY protocol needs a connection.
  const parameters =
    protocol === "udp" ? ["udp", "reuseport"] : ["so_keepalive=on", ...(proxyProtocol ? ["proxy_protocol"] : [])];
  return sockets.map((socket) => tokens(socket, ...parameters));
}

function seconds(count: number): Verbatim {
  return tokens(`${count}s`);
}
