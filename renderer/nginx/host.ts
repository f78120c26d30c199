import type { HostOptions } from "../routes/options.ts";
import { pathKey } from "../routes/path-match.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Model, ModelFields } from "../template/model.ts";
import { withoutContested } from "./contested-ports.ts";
import { debugModel } from "./debug.ts";
import { hostAccess, pathAccess } from "./access.ts";
import { authIdentities, authLocation, servedHost } from "./auth.ts";
import type { ClientFiles } from "./certificates/clients.ts";
import { challengesModel } from "./challenges.ts";
import { requestsCertificate } from "./certificates/requested.ts";
import { fileModel, findErrorPage, nameForFiles } from "./files.ts";
import { ABSENT, type Guard } from "./guard.ts";
import { listens } from "./listen.ts";
import { locationModels } from "./location.ts";
import { describedTo, listsNextTo } from "./own-lists.ts";
import { policiesOf } from "./path-policies.ts";
import { rejectsTls, type Schemes, schemesOf } from "./schemes.ts";
import { internalNetworksOf, type NginxSettings } from "./settings.ts";
import { quoted, returnParameters, tokens } from "./text.ts";
import { tlsModel } from "./tls.ts";
import { upstreamModel } from "./upstream.ts";
import { hasHttp2Directive } from "./version.ts";

/** Status for a path that no container serves. */
const NOT_FOUND = 404;

/** Returns everything that the template prints for one virtual host. */
export function hostModel(virtualHost: VirtualHost, settings: NginxSettings): ModelFields {
  const { host, paths, redirectTo, redirectStatus = 302 } = virtualHost;
  const access = hostAccess(virtualHost, settings);
  const options = withoutContested(access.options, settings);
  if (access.faults.length > 0) return closedModel(virtualHost, options, settings);
  const schemes = schemesOf({ host, options }, settings.https?.certificates);
  const http = listens(options.httpPort ?? settings.listen, settings, { isDefault: host === settings.defaultHost });
  const challenges = schemes.servesChallenges && challengesModel(settings);
  const https = httpsModel({ ...virtualHost, options }, schemes, settings, access.clients);
  const inFile = new Set(access.extra.kind === "applied" ? access.extra.value.settings : []);
  // nginx rejects a second location for a path, so that of a container or of the operator's file replaces Sallyport's.
  const has = (path: string): boolean => hasPath(virtualHost, path) || inFile.has(`location ${path}`);
  const open = paths.filter((path) => pathAccess(host, path, settings).faults.length === 0);
  const auth = new Set(open.flatMap((path) => policiesOf(host, path, settings).auth));
  const served = servedHost(host);
  const errors = !has("/sallyport-errors/") && errorPage(host, settings);
  return {
    name: quoted(host),
    upstreams: open
      .filter((path) => path.servers.length > 0)
      .map((path) => upstreamModel(host, path, settings, schemes.redirectsToHttps)),
    redirect: schemes.redirectsToHttps && { listens: http, challenges, ...redirectModel(options, settings) },
    listens: [...(schemes.servesHttp ? http : []), ...https.listens],
    hasServer: schemes.servesHttp || https.listens.length > 0,
    challenges:
      schemes.servesHttp &&
      (options.challenge !== "legacy" || requestsCertificate(host, options)) &&
      !has("/.well-known/acme-challenge/") &&
      challenges,
    tls: https.tls,
    rejects: rejectionOf({ host, options }, settings),
    http2: options.http2 !== false && hasHttp2Directive(settings),
    redirectTo: redirectTo === undefined ? false : tokens(redirectTo),
    redirectStatus,
    serverTokens: !inFile.has("server_tokens") && (options.serverTokens ?? false),
    log: logModel(settings),
    extra: fileModel(access.extra),
    lists: listsNextTo(access.extra, settings),
    errors,
    auth: [...auth].map((name) => ({ ...authLocation(name, settings), served, described: describedTo(served.text) })),
    hasAuth: auth.size > 0,
    identities: auth.size > 0 ? authIdentities(settings) : [],
    debug:
      !has("= /nginx-proxy-debug") &&
      internalNetworksOf(settings).length > 0 &&
      debugModel({ ...virtualHost, options }, schemes.certificate),
    locations: paths.flatMap((path) => locationModels({ ...virtualHost, options }, path, settings, errors, inFile)),
    notFound: redirectTo === undefined && !has("/") && notFoundModel(settings),
  };
}

/** The server that rejects handshakes for the host, also over HTTP/3: the default host must not answer them. */
function rejectionOf({ host, options }: Pick<VirtualHost, "host" | "options">, settings: NginxSettings): Model {
  const { https } = settings;
  if (!https || !rejectsTls({ host, options }, https.certificates)) return false;
  const port = options.httpsPort ?? https.listen;
  const hasQuic = https.http3 === true && options.http3 !== false;
  return {
    listens: [
      ...listens(port, settings, { tls: {} }),
      ...(hasQuic ? listens(port, settings, { quic: "further" }) : []),
    ],
  };
}

/** Seconds after which clients of a host under maintenance may retry. */
const MAINTENANCE_RETRY_S = 120;

/** Returns a host that responds with 503 to every request, over HTTP and HTTPS, because a restriction cannot be applied. */
function closedModel({ host }: VirtualHost, options: HostOptions, settings: NginxSettings): ModelFields {
  const schemes = schemesOf({ host, options }, settings.https?.certificates);
  const http = listens(options.httpPort ?? settings.listen, settings, { isDefault: host === settings.defaultHost });
  const https = httpsModel({ host, options }, schemes, settings, ABSENT);
  return {
    name: quoted(host),
    upstreams: [],
    redirect: false,
    listens: [...http, ...https.listens],
    hasServer: true,
    retryAfter: settings.maintenance?.has(host) === true && MAINTENANCE_RETRY_S,
    challenges: challengesModel(settings),
    tls: https.tls,
    http2: options.http2 !== false && hasHttp2Directive(settings),
    lists: [],
    redirectTo: false,
    serverTokens: options.serverTokens ?? false,
    log: logModel(settings),
    extra: false,
    errors: errorPage(host, settings),
    debug: false,
    rejects: rejectionOf({ host, options }, settings),
    locations: [],
    notFound: 503,
  };
}

/** Returns the parameters of `return`; false if the operator's files have a location for these paths. */
function notFoundModel({ unclaimedPath = NOT_FOUND }: NginxSettings): Model {
  if (typeof unclaimedPath === "number") return unclaimedPath;
  return unclaimedPath !== "none" && returnParameters(unclaimedPath);
}

function errorPage(host: string, settings: NginxSettings): Model {
  return findErrorPage(settings, [502, 503, 504], `${nameForFiles(host)}.html`);
}

/** Whether a container has exactly this path: nginx rejects a second location for it. */
function hasPath({ paths }: VirtualHost, text: string): boolean {
  return paths.some(({ path }) => pathKey(path) === text);
}

/** Whether clients must present a certificate. Clients send no name in the handshake if the host is an address. */
function hasClientFiles(host: string, { verifyClient = "on" }: HostOptions, clients: Guard<ClientFiles>): boolean {
  return clients.kind === "applied" && verifyClient === "on" && !/^(?:\[.*|[0-9.]+)$/.test(host);
}

function httpsModel(
  { host, options }: Pick<VirtualHost, "host" | "options">,
  { certificate }: Schemes,
  settings: NginxSettings,
  clients: Guard<ClientFiles>,
): { readonly listens: readonly Model[]; readonly tls: Model } {
  const { https } = settings;
  if (!https || !certificate) return { listens: [], tls: false };
  const port = options.httpsPort ?? https.listen;
  const isDefault = host === settings.defaultHost;
  const hasQuic = https.http3 === true && options.http3 !== false;
  return {
    listens: [
      ...listens(port, settings, { isDefault, tls: { ...(options.http2 !== undefined && { http2: options.http2 }) } }),
      ...(hasQuic ? listens(port, settings, { isDefault, quic: "further" }) : []),
    ],
    tls: {
      ...tlsModel(certificate, options, https, clients),
      http3: hasQuic && { port: options.httpsPort ?? https.port },
      needsName: !isDefault && settings.defaultHost !== undefined && hasClientFiles(host, options, clients),
    },
  };
}

function redirectModel({ httpsPort, nonGetRedirect }: HostOptions, { https }: NginxSettings): ModelFields {
  const port = httpsPort ?? https?.port ?? 443;
  return { port: port === 443 ? "" : `:${port}`, otherMethods: nonGetRedirect ?? false };
}

function logModel({ accessLog }: NginxSettings): Model {
  if (accessLog === undefined) return false;
  if (accessLog === "off") return tokens("off");
  const { file, format } = accessLog;
  return tokens(file, `sallyport_${typeof format === "string" ? format : "own"}`);
}
