import type { HostName } from "../routes/grammar.ts";
import { isPattern } from "../routes/reserved-names.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import type { Model, ModelFields } from "../template/model.ts";
import { hostAccess } from "./access.ts";
import { withoutContested } from "./contested-ports.ts";
import { listens } from "./listen.ts";
import { BUCKET_SIZE } from "./operator-files/top-level-directives.ts";
import { rejectsTls, schemesOf } from "./schemes.ts";
import type { NginxSettings } from "./settings.ts";
import { quoted } from "./text.ts";

/** The ports of nginx on which a host is served. */
interface HostPorts {
  readonly plain: number | undefined;
  readonly secure: number | undefined;
  /** HTTP/3, which a host can disable: nginx chooses among the servers that listen for QUIC. */
  readonly quic: number | undefined;
}

const cache = new WeakMap<NginxSettings, WeakMap<VirtualHost, HostPorts>>();

/**
 * Returns servers for the names that a wildcard, a regular expression or the default host would serve, although they
 * belong to another host: names without a virtual host, and names of hosts that are not served on the port.
 */
export function reservedServers(
  { virtualHosts, reserved = [] }: Published,
  ports: { readonly plain: readonly number[]; readonly secure: readonly number[] },
  settings: NginxSettings,
): { readonly plain: Model[]; readonly secure: Model[] } {
  const isPrecise = ({ host }: VirtualHost): boolean => host !== settings.defaultHost && !isPattern(host);
  if (virtualHosts.every(isPrecise)) return { plain: [], secure: [] };
  const served = virtualHosts.map((one) => [one.host, portsOfHost(one, settings)] as const);
  const unserved = (use: keyof HostPorts, port: number): Model => {
    const here = new Set(served.flatMap(([host, own]) => (own[use] === port ? [host] : [])));
    const all = [...virtualHosts.map(({ host }) => host), ...reserved].filter((host) => !here.has(host));
    return [...new Set(all)].toSorted().filter(isServable(here, settings)).map(quoted);
  };
  const serverOf = (use: keyof HostPorts, port: number, listening: Model): ModelFields[] => {
    const names = unserved(use, port) as readonly Model[];
    return names.length === 0 ? [] : [{ listens: listening, names }];
  };
  const http2 = settings.defaults?.host.http2;
  const tls = http2 === undefined ? {} : { http2 };
  return {
    plain: ports.plain.flatMap((port) => serverOf("plain", port, listens(port, settings, {}))),
    secure: ports.secure.flatMap((port) => [
      ...serverOf("secure", port, listens(port, settings, { tls })),
      ...(settings.https?.http3 ? serverOf("quic", port, listens(port, settings, { quic: "further" })) : []),
    ]),
  };
}

/** Returns whether nginx accepts a name without a virtual host, and would use one of these hosts for it. */
function isServable(hosts: ReadonlySet<HostName>, settings: NginxSettings): (name: HostName) => boolean {
  const catchesAll = [...hosts].some(
    (host) => host === settings.defaultHost || host.startsWith("~") || host.endsWith(".*"),
  );
  const longest = longestName(settings.files?.siblingDirectives);
  return (name) => {
    if (name.startsWith("~") || name.length > longest) return false;
    const labels = name.replace(/^\*\./, "").split(".");
    return catchesAll || labels.some((_, at) => at > 0 && hosts.has(`*.${labels.slice(at).join(".")}` as HostName));
  };
}

/** Returns the length of the longest name that nginx accepts with the operator's size of a bucket, if there is one. */
export function longestName(siblingDirectives: readonly string[] = []): number {
  if (!siblingDirectives.includes(BUCKET_SIZE)) return Number.POSITIVE_INFINITY;
  const sizes = siblingDirectives
    .flatMap((one) => /^server_names_hash_bucket_size ([0-9]{1,9})$/.exec(one)?.[1] ?? [])
    .map(Number);
  return bucketFor(Math.max(64, ...sizes)) - NAME_OVERHEAD;
}

/** Returns why nginx rejects a name that is too long for the operator's size of a bucket, or undefined. */
export function bucketHint(host: HostName, siblingDirectives: readonly string[] = []): string | undefined {
  if (host.length <= longestName(siblingDirectives)) return undefined;
  const size = bucketFor(host.length + NAME_OVERHEAD);
  return `set \`${BUCKET_SIZE}\` to at least ${size} in your own file, for a name of ${host.length} characters`;
}

/** A bucket has whole cache lines, and a name in it two pointers and two more bytes. */
const NAME_OVERHEAD = 18;

function bucketFor(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

function portsOfHost(virtualHost: VirtualHost, settings: NginxSettings): HostPorts {
  const known = cache.get(settings) ?? new WeakMap<VirtualHost, HostPorts>();
  cache.set(settings, known);
  const found = known.get(virtualHost);
  if (found) return found;
  const { host } = virtualHost;
  const access = hostAccess(virtualHost, settings);
  const isClosed = access.faults.length > 0;
  const options = withoutContested(access.options, settings);
  const { servesHttp, redirectsToHttps, certificate } = schemesOf({ host, options }, settings.https?.certificates);
  const secure =
    certificate || rejectsTls({ host, options }, settings.https?.certificates)
      ? (options.httpsPort ?? settings.https?.listen)
      : undefined;
  const ports = {
    plain: isClosed || servesHttp || redirectsToHttps ? (options.httpPort ?? settings.listen) : undefined,
    secure,
    quic: options.http3 === false ? undefined : secure,
  };
  known.set(virtualHost, ports);
  return ports;
}
