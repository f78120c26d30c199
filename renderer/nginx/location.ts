import { type PathKind, pathKey, type PathMatch } from "../routes/path-match.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import { type Model, type ModelFields, Verbatim } from "../template/model.ts";
import { operatorDirectives, pathAccess } from "./access.ts";
import { type AppliedFile, fileModel } from "./files.ts";
import type { Guard } from "./guard.ts";
import { listsNextTo } from "./own-lists.ts";
import { policyModel } from "./path-policies.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted } from "./text.ts";
import { upstreamTlsModel } from "./upstream-tls.ts";
import { hasFallback, upstreamName } from "./upstream.ts";

/** Prefixes of nginx's directives by the protocol of the app. */
const FAMILIES: Readonly<Partial<Record<PathRoute["protocol"], "proxy" | "grpc" | "fastcgi" | "uwsgi">>> = {
  http: "proxy",
  https: "proxy",
  grpc: "grpc",
  grpcs: "grpc",
  fastcgi: "fastcgi",
  uwsgi: "uwsgi",
};

const DEFAULT_ROOT = "/var/www/public";

/** Which requests a `location` block serves, and the path that replaces theirs. */
interface Place {
  readonly kind: PathKind;
  readonly text: string;
  readonly destination?: string;
}

/** Returns the `location` blocks of one path. `errors`: the error page of the host; `inHostFile`: directives of its file. */
export function locationModels(
  virtualHost: VirtualHost,
  route: PathRoute,
  settings: NginxSettings,
  errors: Model,
  inHostFile: ReadonlySet<string>,
): ModelFields[] {
  const { host, paths } = virtualHost;
  const { path, protocol, destination, servers } = route;
  const family = FAMILIES[protocol] ?? "proxy";
  const { passwords, extra, override, isInternal, policies, faults } = pathAccess(host, route, settings);
  const { options } = policies;
  const isClosed = faults.length > 0;
  const inFile = new Set(extra.kind === "applied" ? extra.value.settings : []);
  const isFastcgi = family === "fastcgi";
  const isUsedOnce = options.keepalive === 0;
  const root = virtualHost.options.root ?? settings.defaults?.host.root ?? DEFAULT_ROOT;
  const common = {
    isServed: !isClosed && servers.length > 0,
    family,
    needsLength:
      (family === "fastcgi" || family === "uwsgi") &&
      ![operatorDirectives(settings), inHostFile, inFile].some((set) => set.has(`${family}_request_buffering`)),
    // nginx accepts each of these once, and the operator's file counts.
    bodySize: !inFile.has("client_max_body_size") && (options.bodySize ?? false),
    verifiedBy: !isClosed && policies.upstreamTls.map((name) => settings.files?.upstreamTlsHashes?.[name] ?? ""),
    verified: !isClosed && policies.upstreamTls.flatMap((name) => upstreamTlsModel(name, family, settings, inFile)),
    // Time for the second packet, which Linux sends after one second, but no more: another server may respond at once.
    connectsSoon:
      hasFallback(servers) &&
      ![operatorDirectives(settings), inHostFile, inFile].some((set) => set.has(`${family}_connect_timeout`)),
    readTimeout: !inFile.has(`${family}_read_timeout`) && (options.timeout ?? false),
    sendTimeout: !inFile.has(`${family}_send_timeout`) && (options.timeout ?? false),
    root: isFastcgi && !inFile.has("root") && root,
    keepsFastcgi: isFastcgi && !isUsedOnce && !inFile.has("fastcgi_keep_conn"),
    splitsPath: isFastcgi && !inFile.has("fastcgi_split_path_info"),
    isUsedOnce,
    isInternal: !isClosed && isInternal,
    policies: !isClosed && policyModel(host, route, settings, extra, passwords.kind === "applied"),
    passwords: !isClosed && passwordsModel(passwords, host, pathKey(path)),
    extra: !isClosed && fileModel(extra),
    lists: listsNextTo(extra, settings),
    errorPage: inFile.has("error_page") && errors,
    authErrors: inFile.has("error_page") && policies.auth.length > 0,
    override: !isClosed && fileModel(override),
  };
  const others = new Set(paths.map((one) => pathKey(one.path)));
  // The operator's file replaces the whole path.
  const places = placesOf(path, override.kind === "absent" ? destination : undefined, others);
  return places.map((place) => ({
    ...common,
    match: place.kind === "" ? quoted(place.text) : new Verbatim(place.kind),
    // A prefix is one token; other kinds are an operator and the text.
    text: place.kind === "" ? false : quoted(place.text),
    pass: passTo(protocol, upstreamName(host, pathKey(path), settings), place.destination),
  }));
}

/**
 * nginx replaces the characters of a prefix, not path segments: with `/a` to `/b/`, `/a../c` becomes `/b/../c`. So a
 * prefix and its replacement both end in a slash, and a path without one is a location of its own. Locations that
 * another route of the host has are omitted.
 */
function placesOf({ kind, text }: PathMatch, destination: string | undefined, others: ReadonlySet<string>): Place[] {
  if (destination === undefined) return [{ kind, text }];
  if (kind === "=") return [{ kind, text, destination }];
  const below = text.endsWith("/") ? text : `${text}/`;
  const prefix: Place = { kind, text: below, destination: destination.endsWith("/") ? destination : `${destination}/` };
  if (below === text) return [prefix];
  return [
    ...(others.has(`= ${text}`) ? [] : [{ kind: "=" as const, text, destination }]),
    ...(others.has(below) ? [] : [prefix]),
  ];
}

/** FastCGI and uwsgi have no scheme. */
function passTo(protocol: PathRoute["protocol"], upstream: string, destination: string | undefined): Model {
  if (protocol === "fastcgi" || protocol === "uwsgi") return upstream;
  return destination === undefined ? `${protocol}://${upstream}` : quoted(`${protocol}://${upstream}${destination}`);
}

function passwordsModel(passwords: Guard<AppliedFile>, host: string, path: string): Model {
  const model = fileModel(passwords);
  const place = host.startsWith("~") ? "access" : path === "/" ? host : host + path;
  const realm = `Restricted ${place}`.replaceAll("$", "");
  return model && { ...model, realm: quoted(realm) };
}
