import type { StatusPageSettings } from "../config/status-page.ts";
import type { PathRoute, Published, VirtualHost } from "../routes/routes.ts";
import type { ModelFields, Page, Verbatim } from "../template/model.ts";
import { nginxSettingsFor } from "./contested-ports.ts";
import { findProxyFile, operatorDirectives, restrictedNames } from "./access.ts";
import { authBlocks, authUpstream, routeOf } from "./auth.ts";
import { fileModel } from "./files.ts";
import { listsForHttp } from "./own-lists.ts";
import { hostModel } from "./host.ts";
import { DEFAULT_TRIES, policyBlocks, presetsOf } from "./path-policies.ts";
import { internalNetworksOf, type NginxSettings } from "./settings.ts";
import { quoted, quotedWithVariables, tokens } from "./text.ts";
import { upstreamModel } from "./upstream.ts";
import { hasHeaderMerge } from "./version.ts";
import { unknownHostsModel } from "./unknown-hosts.ts";

/** `http` directives of the template that nginx accepts only once. */
const UNIQUE_DIRECTIVES = [
  "absolute_redirect",
  "client_body_timeout",
  "client_header_timeout",
  "fastcgi_connect_timeout",
  "fastcgi_index",
  "grpc_connect_timeout",
  "grpc_ssl_name",
  "grpc_ssl_server_name",
  "limit_conn_status",
  "proxy_connect_timeout",
  "proxy_http_version",
  "proxy_ssl_name",
  "proxy_ssl_server_name",
  "real_ip_header",
  "real_ip_recursive",
  "reset_timedout_connection",
  "resolver",
  "server_names_hash_bucket_size",
  "server_names_hash_max_size",
  "ssl_ciphers",
  "ssl_session_tickets",
  "ssl_session_timeout",
  "uwsgi_connect_timeout",
  "variables_hash_max_size",
];

/** Prefixes of the directives that let nginx store requests and responses in files. gRPC is never stored. */
const STORING_FAMILIES = ["proxy", "fastcgi", "uwsgi", "scgi"];

/** Protocols that need the length of a request in advance. */
const STORED_PROTOCOLS: ReadonlySet<PathRoute["protocol"]> = new Set(["fastcgi", "uwsgi"]);

/** Longest headers of a request and of a response. */
const HEADERS = "32k";

/** What operators set to have other buffers; nginx rejects some combinations with Sallyport's. */
const BUFFERS = /^(?:proxy|fastcgi|uwsgi|scgi)_(?:buffers|buffer_size|busy_buffers_size)$/;

/** How requests and responses are transferred, by the prefix of the directives. */
export const TRANSFERS: readonly (readonly [name: string, value: string])[] = [
  ["large_client_header_buffers", `4 ${HEADERS}`],
  ["grpc_buffer_size", HEADERS],
  ...STORING_FAMILIES.flatMap((family): [string, string][] => [
    [`${family}_buffering`, "off"],
    [`${family}_buffer_size`, HEADERS],
    [`${family}_buffers`, `4 ${HEADERS}`],
  ]),
  // Time for two failed attempts to connect. A request that an app received and does not answer in time must not run again.
  ...["proxy", "grpc", "fastcgi", "uwsgi"].flatMap((family): [string, string][] => [
    [`${family}_next_upstream_tries`, String(DEFAULT_TRIES)],
    [`${family}_next_upstream_timeout`, "5s"],
  ]),
];

/** Returns the routes as the nginx template prints them: every value is safe where the template puts it. */
export function nginxPage(
  { virtualHosts, reserved: owned = [] }: Published,
  operatorSettings: NginxSettings,
): Page<VirtualHost> {
  const settings = nginxSettingsFor(virtualHosts, operatorSettings);
  const reserved = [...owned, ...restrictedNames(virtualHosts, settings)];
  return {
    fields: {
      ...globalFields(settings),
      ...variableFields(virtualHosts, settings),
      ...unknownHostsModel({ kind: "routes", virtualHosts, reserved }, settings),
      internalNetworks: internalNetworksOf(settings),
      ...policyBlocks(virtualHosts, settings),
      ...authBlocks(settings),
      authUpstreams: authUpstreams(virtualHosts, settings),
    },
    hosts: virtualHosts,
    settings,
    modelOf: (host) => hostModel(host, settings),
  };
}

/** Returns the upstream of each service that decides on requests. */
function authUpstreams(hosts: readonly VirtualHost[], settings: NginxSettings): ModelFields[] {
  return Object.entries(settings.auth ?? {}).flatMap(([name, service]) => {
    const route = routeOf(service, hosts);
    if (!route || settings.authStates?.get(name)?.kind !== "ready") return [];
    return [{ ...upstreamModel(service.host, route, settings, false), name: tokens(authUpstream(name)) }];
  });
}

/** Returns which variables need a `map`, and those that are empty unless a virtual host or a location sets them. */
function variableFields(hosts: readonly VirtualHost[], settings: NginxSettings): ModelFields {
  const { usesStrictHeaders, usesCors } = presetsOf(hosts, settings);
  const needsLength = hosts.some(({ paths }) => paths.some(({ protocol }) => STORED_PROTOCOLS.has(protocol)));
  const { trustedProxies = [] } = settings;
  const empty = [
    "idle hsts alt_svc headers cors cors_vary",
    usesStrictHeaders ? "" : "type_options frame_options referrer_policy permissions_policy",
    usesCors ? "" : "cors_origin cors_credentials preflight cors_methods cors_headers cors_age",
    needsLength ? "" : "unsized",
    trustedProxies.length > 0 ? "" : "forwarded_prefix",
  ];
  const names = empty.flatMap((some) => some.split(" ")).filter((name) => name !== "");
  return {
    usesStrictHeaders,
    usesCors,
    needsLength,
    emptyVariables: names.map((name) => tokens(`$sallyport_${name}`)),
  };
}

function globalFields(settings: NginxSettings): ModelFields {
  const { https, proxyProtocol = false, trustedProxies = [], resolvers = [], statusPage } = settings;
  const siblings = operatorDirectives(settings);
  // To nginx `default` is these two networks, and it warns about them next to it.
  const trustsAll = trustedProxies.includes("0.0.0.0/0") && trustedProxies.includes("::/0");
  return {
    listen: settings.listen,
    statusPage: statusPage ? statusPageModel(statusPage) : false,
    tls: https ? { listen: https.listen } : false,
    trustedProxies: trustedProxies.length > 0 && {
      default: trustsAll ? 1 : 0,
      networks: trustedProxies.filter((one) => !trustsAll || !isEverything(one)),
    },
    proxyProtocol: proxyProtocol && trustedProxies.length > 0,
    resolvers: resolvers.length > 0 && tokens(...resolvers.map((one) => (one.includes(":") ? `[${one}]` : one))),
    // False where another file in the destination's directory sets the directive.
    defaults: Object.fromEntries(UNIQUE_DIRECTIVES.map((name) => [name, !siblings.has(name)])),
    upgrades: (settings.upgrades ?? ["websocket"]).map(quoted),
    connectionsPerAddress: settings.connectionsPerAddress !== 0,
    lists: listsForHttp(settings),
    mergesHeaders: hasHeaderMerge(settings) && !siblings.has("add_header_inherit"),
    logsLikeNginxProxy: usesVhostFormat(settings),
    families: STORING_FAMILIES.map((family) => ({
      family,
      streamsRequests: !siblings.has(`${family}_request_buffering`),
      streamsResponses: !siblings.has(`${family}_max_temp_file_size`),
    })),
    transfers: transferDirectives(settings),
    proxyFile: fileModel(findProxyFile(settings)),
    ...logFormats(settings),
  };
}

/** Returns the directives of TRANSFERS that no operator's file sets for all virtual hosts. */
function transferDirectives(settings: NginxSettings): Verbatim[] {
  const own = operatorDirectives(settings);
  const inFiles = [...(settings.files?.vhosts?.files.values() ?? [])].flatMap((file) => file.directives ?? []);
  const hasBuffers = [...own, ...inFiles].some((name) => BUFFERS.test(name));
  return TRANSFERS.filter(([name]) => !own.has(name) && !(hasBuffers && BUFFERS.test(name))).map((pair) =>
    tokens(...pair),
  );
}

function logFormats({ accessLog }: NginxSettings): ModelFields {
  const format = accessLog === undefined || accessLog === "off" ? undefined : accessLog.format;
  return {
    logsVhost: format === "vhost",
    logsJson: format === "json",
    logsOwn: typeof format === "object" && { text: quotedWithVariables(format.text), escape: format.escape },
  };
}

/** Whether an operator's file uses nginx-proxy's log format, and none defines it. */
function usesVhostFormat({ files }: NginxSettings): boolean {
  if (files?.siblingDirectives?.includes("log_format vhost")) return false;
  const settings = [...(files?.vhosts?.files.values() ?? [])].flatMap((file) => file.settings ?? []);
  return [...settings, ...(files?.siblingDirectives ?? [])].includes("access_log vhost");
}

function isEverything(network: string): boolean {
  return network.endsWith("/0");
}

function statusPageModel({ listen, directory, directoryInNginx = directory, allow }: StatusPageSettings): ModelFields {
  return { listen, directory: directoryInNginx, allow };
}
