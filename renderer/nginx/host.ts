import type { HostOptions } from "../routes/options.ts";
import { pathKey } from "../routes/path-match.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Model, ModelFields } from "../template/model.ts";
import { withoutContested } from "./contested-ports.ts";
import { debugModel } from "./debug.ts";
import { findErrorPage, findFile, nameForFiles } from "./files.ts";
import { hasHttp2Directive, listens } from "./listen.ts";
import { locationModels } from "./location.ts";
import { type Schemes, schemesOf } from "./schemes.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted, tokens } from "./text.ts";
import { tlsModel } from "./tls.ts";
import { upstreamModel } from "./upstream.ts";

/** Status for a path that no container serves. */
const NOT_FOUND = 404;

/** Returns everything that the template prints for one virtual host. */
export function hostModel(virtualHost: VirtualHost, settings: NginxSettings): ModelFields {
  const { host, paths, redirectTo, redirectStatus = 302 } = virtualHost;
  const options = withoutContested({ ...settings.defaults?.host, ...virtualHost.options }, settings);
  const schemes = schemesOf({ host, options }, settings.https?.certificates);
  const http = listens(options.httpPort ?? settings.listen, settings, { isDefault: host === settings.defaultHost });
  const https = httpsModel({ ...virtualHost, options }, schemes, settings);
  const challenges = schemes.servesChallenges && (settings.https?.challenges ?? false);
  return {
    name: quoted(host),
    upstreams: paths.filter(({ servers }) => servers.length > 0).map((path) => upstreamModel(host, path)),
    redirect: schemes.redirectsToHttps && { listens: http, challenges, ...redirectModel(options, settings) },
    listens: [...(schemes.servesHttp ? http : []), ...https.listens],
    hasServer: schemes.servesHttp || https.listens.length > 0,
    challenges:
      schemes.servesHttp &&
      options.challenge !== "legacy" &&
      !hasPath(virtualHost, "/.well-known/acme-challenge/") &&
      challenges,
    tls: https.tls,
    redirectTo: redirectTo === undefined ? false : tokens(redirectTo),
    redirectStatus,
    serverTokens: options.serverTokens ?? false,
    log: logModel(settings),
    extra: redirectTo === undefined && findFile(settings.files?.vhosts, [nameForFiles(host), "default"]),
    errors:
      !hasPath(virtualHost, "/sallyport-errors/") &&
      findErrorPage(settings, [502, 503, 504], `${nameForFiles(host)}.html`),
    debug: debugModel({ ...virtualHost, options }, schemes.certificate),
    locations: paths.flatMap((path) => locationModels({ ...virtualHost, options }, path, settings)),
    notFound: redirectTo === undefined && !hasPath(virtualHost, "/") && (settings.unclaimedPath ?? NOT_FOUND),
  };
}

/** Whether a container has exactly this path: nginx rejects a second location for it. */
function hasPath({ paths }: VirtualHost, text: string): boolean {
  return paths.some(({ path }) => pathKey(path) === text);
}

function httpsModel(
  { host, options }: VirtualHost,
  { certificate }: Schemes,
  settings: NginxSettings,
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
      ...tlsModel(host, certificate, options, https),
      http2: options.http2 !== false && hasHttp2Directive(settings),
      http3: hasQuic && { port: options.httpsPort ?? https.port },
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
