import { type Answers, answersOf } from "./certificates/answers.ts";
import { pathKey } from "../routes/path-match.ts";
import type { HostOptions } from "../routes/options.ts";
import type { PortUse } from "../routes/port-owner.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Model } from "../template/model.ts";
import { debugModel } from "./debug.ts";
import { errorPages } from "./errors.ts";
import { findFile, nameForFiles } from "./files.ts";
import { hasHttp2Directive, listens } from "./listen.ts";
import { locationModel } from "./location.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted, words } from "./text.ts";
import { tlsOf } from "./tls.ts";
import { upstreamModel } from "./upstream.ts";

type Fields = { readonly [name: string]: Model };

/** Status for a path that nobody claims. */
const NOT_FOUND = 404;

/** All that is printed for one virtual host. */
export function hostModel(virtualHost: VirtualHost, settings: NginxSettings): Fields {
  const { host, paths, redirectTo } = virtualHost;
  const options = withoutContested({ ...settings.defaults?.host, ...virtualHost.options }, settings);
  const tls = tlsAnswers({ ...virtualHost, options }, settings);
  const plain = listens(options.httpPort ?? settings.listen, settings, { isDefault: host === settings.defaultHost });
  return {
    name: quoted(host),
    upstreams: paths.filter(({ servers }) => servers.length > 0).map((path) => upstreamModel(host, path)),
    challenges: tls.hasChallenges && (settings.https?.challenges ?? false),
    redirect: tls.redirects && { listens: plain, ...redirectToTls(options, settings) },
    listens: [...(tls.servesPlain ? plain : []), ...tls.listens],
    isAnswered: tls.servesPlain || tls.listens.length > 0,
    challengesHere:
      tls.servesPlain &&
      tls.hasChallenges &&
      options.challenge !== "legacy" &&
      !isClaimed(virtualHost, "/.well-known/acme-challenge/") &&
      (settings.https?.challenges ?? false),
    tls: tls.model,
    elsewhere: redirectTo === undefined ? false : { host: words(redirectTo) },
    serverTokens: options.serverTokens ?? false,
    log: logOf(settings),
    extra: redirectTo === undefined && findFile(settings.files?.vhosts, [nameForFiles(host), "default"]),
    errors: !isClaimed(virtualHost, "/sallyport-errors/") && errorPages(settings, `${nameForFiles(host)}.html`),
    debug: debugModel({ ...virtualHost, options }, tls.certificate),
    locations: paths.map((path) => locationModel({ ...virtualHost, options }, path, settings)),
    unclaimed: redirectTo === undefined && !isClaimed(virtualHost, "/") && (settings.unclaimedPath ?? NOT_FOUND),
  };
}

/** Whether a container has exactly this path: nginx takes no second location for it. */
function isClaimed({ paths }: VirtualHost, text: string): boolean {
  return paths.some(({ path }) => pathKey(path) === text);
}

function withoutContested({ httpPort, httpsPort, ...options }: HostOptions, { contested }: NginxSettings): HostOptions {
  return {
    ...options,
    ...(httpPort !== undefined && isFor(contested?.get(httpPort), "httpPort") && { httpPort }),
    ...(httpsPort !== undefined && isFor(contested?.get(httpsPort), "httpsPort") && { httpsPort }),
  };
}

function isFor(use: PortUse | "nobody" | undefined, wanted: PortUse): boolean {
  return use === undefined || use === wanted;
}

/** What is said by plain HTTP and by TLS. */
interface TlsAnswers extends Answers {
  readonly listens: readonly Model[];
  readonly model: Model;
}

function tlsAnswers({ host, options }: VirtualHost, settings: NginxSettings): TlsAnswers {
  const { https } = settings;
  const answers = answersOf({ host, options }, https?.certificates);
  const { certificate } = answers;
  if (!https || !certificate) return { ...answers, listens: [], model: false };
  const port = options.httpsPort ?? https.listen;
  const isDefault = host === settings.defaultHost;
  const hasQuic = https.http3 === true && options.http3 !== false;
  return {
    ...answers,
    listens: [
      ...listens(port, settings, { isDefault, tls: { ...(options.http2 !== undefined && { http2: options.http2 }) } }),
      ...(hasQuic ? listens(port, settings, { isDefault, quic: "further" }) : []),
    ],
    model: {
      ...tlsOf(host, certificate, options, https, options.httpsMethod !== "noredirect"),
      http2: options.http2 !== false && hasHttp2Directive(settings),
      http3: hasQuic && { port: options.httpsPort ?? https.port },
    },
  };
}

function redirectToTls({ httpsPort, nonGetRedirect }: HostOptions, { https }: NginxSettings): Fields {
  const port = httpsPort ?? https?.port ?? 443;
  return { port: port === 443 ? "" : `:${port}`, otherMethods: nonGetRedirect ?? false };
}

function logOf({ accessLog }: NginxSettings): Model {
  if (accessLog === undefined) return false;
  if (accessLog === "off") return words("off");
  const { file, format } = accessLog;
  return words(file, `sallyport_${typeof format === "string" ? format : "own"}`);
}
