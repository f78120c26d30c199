import { createHash } from "node:crypto";
import { pathKey } from "../routes/path-match.ts";
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

/** Returns the `location` block of one path. */
export function locationModel(virtualHost: VirtualHost, route: PathRoute, settings: NginxSettings): ModelFields {
  const { host } = virtualHost;
  const { path, protocol, destination, servers } = route;
  const options = { ...settings.defaults?.path, ...route.options };
  const family = FAMILIES[protocol];
  return {
    match: path.kind === "" ? quoted(path.text) : new Verbatim(path.kind),
    // A prefix is one token; other kinds are an operator and the text.
    text: path.kind === "" ? false : quoted(path.text),
    isServed: servers.length > 0,
    family,
    pass: passTo(protocol, upstreamName(host, pathKey(path)), destination),
    isFastcgi: family === "fastcgi",
    root: virtualHost.options.root ?? settings.defaults?.host.root ?? DEFAULT_ROOT,
    timeout: options.timeout ?? false,
    bodySize: options.bodySize ?? false,
    allowed: options.access === "internal" && internalNetworksOf(settings),
    ...locationFiles(host, pathKey(path), settings),
  };
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
