import { type PathKind, pathKey, type PathMatch } from "../routes/path-match.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import type { Protocol } from "../routes/option-values.ts";
import { type Model, type ModelFields, Verbatim } from "../template/model.ts";
import { pathAccess } from "./access.ts";
import { type AppliedFile, fileModel } from "./files.ts";
import type { Guard } from "./guard.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted } from "./text.ts";
import { upstreamName } from "./upstream.ts";

/** Prefixes of nginx's directives by the protocol of the app. */
const FAMILIES: Readonly<Record<Protocol, "proxy" | "grpc" | "fastcgi" | "uwsgi">> = {
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

/** Returns the `location` blocks of one path. */
export function locationModels(virtualHost: VirtualHost, route: PathRoute, settings: NginxSettings): ModelFields[] {
  const { host, paths } = virtualHost;
  const { path, protocol, destination, servers } = route;
  const options = { ...settings.defaults?.path, ...route.options };
  const family = FAMILIES[protocol];
  const { passwords, extra, override, isInternal, faults } = pathAccess(host, route, settings);
  const isClosed = faults.length > 0;
  const siblings = new Set(settings.files?.siblingDirectives);
  const common = {
    isServed: !isClosed && servers.length > 0,
    family,
    isFastcgi: family === "fastcgi",
    needsLength: (family === "fastcgi" || family === "uwsgi") && !siblings.has(`${family}_request_buffering`),
    root: virtualHost.options.root ?? settings.defaults?.host.root ?? DEFAULT_ROOT,
    closes: family === "proxy" && options.keepalive === 0,
    timeout: options.timeout ?? false,
    bodySize: options.bodySize ?? false,
    isInternal: !isClosed && isInternal,
    passwords: !isClosed && passwordsModel(passwords, host, pathKey(path)),
    extra: !isClosed && fileModel(extra),
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
    pass: passTo(protocol, upstreamName(host, pathKey(path)), place.destination),
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
function passTo(protocol: Protocol, upstream: string, destination: string | undefined): Model {
  if (protocol === "fastcgi" || protocol === "uwsgi") return upstream;
  return destination === undefined ? `${protocol}://${upstream}` : quoted(`${protocol}://${upstream}${destination}`);
}

function passwordsModel(passwords: Guard<AppliedFile>, host: string, path: string): Model {
  const model = fileModel(passwords);
  const place = host.startsWith("~") ? "access" : path === "/" ? host : host + path;
  const realm = `Restricted ${place}`.replaceAll("$", "");
  return model && { ...model, realm: quoted(realm) };
}
