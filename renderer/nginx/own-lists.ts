import { Verbatim } from "../template/model.ts";
import { authHeaders } from "./auth.ts";
import type { AppliedFile } from "./files.ts";
import type { Guard } from "./guard.ts";
import type { NginxSettings } from "./settings.ts";
import { hasHeaderMerge } from "./version.ts";

/**
 * Directives of which nginx inherits all or none: a single one in a server or location replaces the whole list of the outer
 * level. What an operator's file adds must not remove Sallyport's.
 */
export const LIST_DIRECTIVES = [
  "add_header",
  "proxy_set_header",
  "grpc_set_header",
  "fastcgi_param",
  "uwsgi_param",
  "proxy_hide_header",
  "grpc_hide_header",
  "fastcgi_hide_header",
  "uwsgi_hide_header",
  "limit_conn",
  "set_real_ip_from",
] as const;

type ListDirective = (typeof LIST_DIRECTIVES)[number];

/** A name, such as that of a header, and what follows it. */
type Entry = readonly [name: string, value?: string];

/** Headers with the client and the original request, for every app. */
const DESCRIBED: readonly Entry[] = [
  ["X-Real-IP", "$remote_addr"],
  ["X-Forwarded-For", "$sallyport_for"],
  ["X-Forwarded-Host", "$sallyport_host"],
  ["X-Forwarded-Proto", "$sallyport_proto"],
  ["X-Forwarded-Ssl", "$sallyport_ssl"],
  ["X-Forwarded-Port", "$sallyport_forwarded_port"],
  ["X-Forwarded-Prefix", "$sallyport_forwarded_prefix"],
  ["X-Forwarded-Scheme", "$sallyport_proto"],
  ["X-Forwarded-Server", '""'],
  ["X-Original-URI", "$sallyport_original_uri"],
  ["Forwarded", '""'],
];

const HOST: Entry = ["Host", "$host$sallyport_port"];

/** The same for a service that decides on requests of a host, as parameters of `proxy_set_header`. `served`: see `servedHost`. */
export function describedTo(served: string): Verbatim[] {
  return DESCRIBED.map(([name, value = ""]) => new Verbatim(`${name} ${name === "X-Forwarded-Host" ? served : value}`));
}

const SWITCHING: readonly Entry[] = [
  ["Upgrade", "$sallyport_upgrade"],
  ["Connection", "$sallyport_connection"],
  ["HTTP2-Settings", '""'],
];

/** Without `if_not_empty`, these would be sent empty. */
const OPTIONAL = new Set([
  ...SWITCHING.map(([name]) => name),
  "X-Forwarded-Prefix",
  "X-Forwarded-Server",
  "X-Original-URI",
  "Forwarded",
]);

const COMMON_PARAMS: readonly Entry[] = [
  ["QUERY_STRING", "$query_string"],
  ["REQUEST_METHOD", "$request_method"],
  ["CONTENT_TYPE", "$content_type"],
  ["CONTENT_LENGTH", "$content_length"],
  ["REQUEST_URI", "$request_uri"],
  ["DOCUMENT_URI", "$document_uri"],
  ["DOCUMENT_ROOT", "$document_root"],
  ["SERVER_PROTOCOL", "$server_protocol"],
  ["REQUEST_SCHEME", "$sallyport_proto"],
  ["HTTPS", "$sallyport_https if_not_empty"],
  ["REMOTE_ADDR", "$remote_addr"],
  ["REMOTE_PORT", "$remote_port"],
  ["SERVER_ADDR", "$server_addr"],
  ["SERVER_PORT", "$sallyport_forwarded_port"],
  ["SERVER_NAME", "$host"],
  ["HTTP_PROXY", '""'],
  ...[HOST, ...SWITCHING, ...DESCRIBED].map(([name, value]): Entry => {
    const variable = `HTTP_${name.toUpperCase().replaceAll("-", "_")}`;
    return [variable, OPTIONAL.has(name) ? `${value} if_not_empty` : value!];
  }),
];

/** Headers of an app that concern its connection to nginx, and one that nginx sets for the whole host. */
const HIDDEN: readonly Entry[] = [
  ["Upgrade"],
  ["Keep-Alive"],
  ["Proxy-Connection"],
  ["TE"],
  ["Strict-Transport-Security"],
];

const CONSTANT: Readonly<Record<Exclude<ListDirective, "limit_conn" | "set_real_ip_from">, readonly Entry[]>> = {
  add_header: [
    ["Strict-Transport-Security", "$sallyport_sent_hsts always"],
    ["Alt-Svc", "$sallyport_alt_svc always"],
    ["Upgrade", "$sallyport_switched always"],
    ["X-Content-Type-Options", "$sallyport_type_options always"],
    ["X-Frame-Options", "$sallyport_frame_options always"],
    ["Referrer-Policy", "$sallyport_referrer_policy always"],
    ["Permissions-Policy", "$sallyport_permissions_policy always"],
    ["Vary", "$sallyport_cors_vary always"],
    ["Access-Control-Allow-Origin", "$sallyport_cors_origin always"],
    ["Access-Control-Allow-Credentials", "$sallyport_cors_credentials always"],
    ["Access-Control-Allow-Methods", "$sallyport_cors_methods always"],
    ["Access-Control-Allow-Headers", "$sallyport_cors_headers always"],
    ["Access-Control-Max-Age", "$sallyport_cors_age always"],
  ],
  proxy_set_header: [HOST, ...SWITCHING, ...DESCRIBED, ["Proxy", '""']],
  grpc_set_header: [HOST, ...DESCRIBED, ["Proxy", '""']],
  fastcgi_param: [
    ["SCRIPT_FILENAME", "$document_root$fastcgi_script_name"],
    ["SCRIPT_NAME", "$fastcgi_script_name"],
    ["PATH_INFO", "$fastcgi_path_info"],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", "nginx"],
    ["REDIRECT_STATUS", "200"],
    ...COMMON_PARAMS,
  ],
  uwsgi_param: [["PATH_INFO", "$document_uri"], ...COMMON_PARAMS],
  proxy_hide_header: HIDDEN,
  grpc_hide_header: HIDDEN,
  fastcgi_hide_header: HIDDEN,
  uwsgi_hide_header: HIDDEN,
};

/** Parameters may appear twice: the last one counts. So an included file that cannot be read never costs Sallyport's. */
const REPEATABLE: readonly ListDirective[] = ["fastcgi_param", "uwsgi_param"];

/** Returns the directives for the `http` block, without those that another file there sets. */
export function listsForHttp(settings: NginxSettings): Verbatim[] {
  const siblings = new Set(settings.files?.siblingDirectives);
  return LIST_DIRECTIVES.flatMap((directive) => printed(directive, entriesOf(directive, settings), siblings));
}

/** Returns the directives that an operator's file removes from its server or location, without those that it sets itself. */
export function listsNextTo(file: Guard<AppliedFile>, settings: NginxSettings): Verbatim[] {
  if (file.kind !== "applied") return [];
  const set = new Set(file.value.settings);
  return LIST_DIRECTIVES.flatMap((directive) => {
    const isTouched = set.has(directive) || (set.has("include") && REPEATABLE.includes(directive));
    if (!isTouched) return [];
    const lines = printed(directive, entriesOf(directive, settings), set);
    if (directive !== "add_header" || !hasHeaderMerge(settings)) return lines;
    // nginx merges the levels, unless the file replaces one of Sallyport's headers.
    const isMerged = lines.length === CONSTANT.add_header.length || set.has("add_header_inherit");
    return isMerged ? [] : [new Verbatim("add_header_inherit off"), ...lines];
  });
}

function entriesOf(directive: ListDirective, settings: NginxSettings): readonly Entry[] {
  if (directive === "limit_conn") {
    const { connectionsPerAddress = DEFAULT_CONNECTIONS_PER_ADDRESS } = settings;
    return connectionsPerAddress === 0 ? [] : [["sallyport_clients", String(connectionsPerAddress)]];
  }
  if (directive === "set_real_ip_from") return addressSources(settings).map((network) => [network]);
  // The operator's file replaces all of these.
  const isReplaced = directive === "proxy_set_header" && (settings.files?.proxy?.files.size ?? 0) > 0;
  return isReplaced ? [] : [...CONSTANT[directive], ...authEntries(directive, settings)];
}

/** Headers that a service decides. */
function authEntries(directive: ListDirective, settings: NginxSettings): readonly Entry[] {
  const isHeader = directive === "proxy_set_header" || directive === "grpc_set_header";
  if (!isHeader && !REPEATABLE.includes(directive)) return [];
  return authHeaders(settings).map(([name, variable]) =>
    isHeader ? [name, variable] : [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, `${variable} if_not_empty`],
  );
}

/** `set`: directives, each also with the name that follows it. */
function printed(directive: string, entries: readonly Entry[], set: ReadonlySet<string>): Verbatim[] {
  return entries
    .filter(([name]) => !set.has(`${directive} ${name.toLowerCase()}`))
    .map((entry) => new Verbatim([directive, ...entry].join(" ")));
}

const DEFAULT_CONNECTIONS_PER_ADDRESS = 2_000;

/** Never take the client address from 0.0.0.0/0: any client could pretend to have an internal address. */
function addressSources({ trustedProxies = [], proxyProtocol = false }: NginxSettings): readonly string[] {
  return trustedProxies.filter((network) => proxyProtocol || !network.endsWith("/0"));
}
