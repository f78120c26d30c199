import { createHash } from "node:crypto";
import { type PathKind, pathKey, type PathMatch } from "../routes/path-match.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import type { Protocol } from "../routes/option-values.ts";
import { type Model, type ModelFields, Verbatim } from "../template/model.ts";
import { findFile, nameForFiles } from "./files.ts";
import { internalNetworksOf, type NginxSettings } from "./settings.ts";
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
  const files = locationFiles(host, pathKey(path), settings);
  const siblings = new Set(settings.files?.siblingDirectives);
  const common = {
    isServed: servers.length > 0,
    family,
    isFastcgi: family === "fastcgi",
    needsLength: (family === "fastcgi" || family === "uwsgi") && !siblings.has(`${family}_request_buffering`),
    root: virtualHost.options.root ?? settings.defaults?.host.root ?? DEFAULT_ROOT,
    timeout: options.timeout ?? false,
    bodySize: options.bodySize ?? false,
    allowed: options.access === "internal" && internalNetworksOf(settings),
    ...files,
  };
  const others = new Set(paths.map((one) => pathKey(one.path)));
  // The operator's file replaces the whole path.
  const places = placesOf(path, files["override"] === false ? destination : undefined, others);
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

/** Returns the operator's files for one path: passwords, additional directives, a replacement for the location. */
function locationFiles(host: string, path: string, { files }: NginxSettings): ModelFields {
  const name = nameForFiles(host);
  const hashed = `${name}_${createHash("sha1").update(path).digest("hex")}`;
  const isRoot = path === "/";
  const passwords = findFile(files?.passwords, [hashed, name]);
  const realm = `Restricted ${isRoot ? host : host + path}`.replaceAll("$", "");
  return {
    passwords: passwords && { ...passwords, realm: quoted(realm) },
    extra: findFile(files?.vhosts, [`${hashed}_location`, `${name}_location`, "default_location"]),
    override: findFile(files?.vhosts, [
      `${hashed}_location_override`,
      ...(isRoot ? [`${name}_location_override`] : []),
    ]),
  };
}
