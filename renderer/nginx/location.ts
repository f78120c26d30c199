import { createHash } from "node:crypto";
import { pathKey } from "../routes/path-match.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import type { Protocol } from "../routes/route-claim.ts";
import { type Model, Verbatim } from "../template/model.ts";
import { findFile, nameForFiles } from "./files.ts";
import { internalNetworksOf } from "./internal.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted } from "./text.ts";
import { upstreamName } from "./upstream.ts";

type Fields = { readonly [name: string]: Model };

/** Beginnings of nginx's directives for what is spoken to the app. */
const FAMILIES: Readonly<Record<Protocol, "proxy" | "grpc" | "fastcgi" | "uwsgi">> = {
  http: "proxy",
  https: "proxy",
  grpc: "grpc",
  grpcs: "grpc",
  fastcgi: "fastcgi",
  uwsgi: "uwsgi",
};

const DEFAULT_ROOT = "/var/www/public";

/** One path of a host as nginx's `location` prints it. */
export function locationModel(virtualHost: VirtualHost, route: PathRoute, settings: NginxSettings): Fields {
  const { host } = virtualHost;
  const { path, protocol, destination, servers } = route;
  const options = { ...settings.defaults?.path, ...route.options };
  const family = FAMILIES[protocol];
  const files = locationFiles(virtualHost, route, settings);
  return {
    match: path.kind === "" ? quoted(path.text) : new Verbatim(path.kind),
    // Behind nginx's sign comes the text; without one the text is the match.
    text: path.kind === "" ? false : quoted(path.text),
    isServed: servers.length > 0,
    family,
    pass: passTo(protocol, upstreamName(host, pathKey(path)), destination),
    isFastcgi: family === "fastcgi",
    root: virtualHost.options.root ?? settings.defaults?.host.root ?? DEFAULT_ROOT,
    timeout: options.timeout ?? false,
    bodySize: options.bodySize ?? false,
    allowed: options.access === "internal" && internalNetworksOf(settings),
    ...files,
  };
}

/** uwsgi and FastCGI are told apart by the directive; a scheme only the others have. */
function passTo(protocol: Protocol, upstream: string, destination: string | undefined): Model {
  if (protocol === "fastcgi" || protocol === "uwsgi") return upstream;
  return destination === undefined ? `${protocol}://${upstream}` : quoted(`${protocol}://${upstream}${destination}`);
}

/** The operator's files for one path: passwords, lines to add, lines in place of ours. */
function locationFiles({ host }: VirtualHost, { path }: PathRoute, { files }: NginxSettings): Fields {
  const name = nameForFiles(host);
  const key = pathKey(path);
  const hashed = `${name}_${createHash("sha1").update(key).digest("hex")}`;
  const passwords = findFile(files?.passwords, [hashed, name]);
  const isRoot = key === "/";
  return {
    passwords: passwords && {
      ...passwords,
      realm: quoted(`Restricted ${key === "/" ? host : host + key}`.replaceAll("$", "")),
    },
    extra: findFile(files?.vhosts, [`${hashed}_location`, `${name}_location`, "default_location"]),
    instead: findFile(files?.vhosts, [`${hashed}_location_override`, ...(isRoot ? [`${name}_location_override`] : [])]),
  };
}
