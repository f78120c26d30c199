import type { StatusPageSettings } from "../config/status-page.ts";
import type { HostOptions } from "../routes/options.ts";
import { ownerOf, type PortUse, type PortWish } from "../routes/port-owner.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import { hasDebugEndpoints } from "./debug.ts";
import { hostModel } from "./host.ts";
import { errorPages } from "./errors.ts";
import { findFile } from "./files.ts";
import { internalNetworksOf } from "./internal.ts";
import { hasHttp2Directive, listens } from "./listen.ts";
import { oursToSay } from "./once.ts";
import type { HttpsSettings, NginxSettings } from "./settings.ts";
import { quotedWithVariables, words } from "./text.ts";
import { tlsOfUnknown } from "./tls.ts";
import type { Model } from "../template/model.ts";
import type { Page } from "../template/template.ts";

/** The routes as the nginx template prints them: text that is safe as it stands, names that never collide. */
export function nginxPage({ virtualHosts }: Published, usual: NginxSettings): Page<VirtualHost> {
  const settings = nginxSettingsFor(virtualHosts, usual);
  return {
    fields: {
      ...fieldsOf(settings),
      ...unknownHost(virtualHosts, settings),
      insiders: hasDebugEndpoints(virtualHosts, settings) && internalNetworksOf(settings),
    },
    hosts: virtualHosts,
    settings,
    modelOf: (host) => hostModel(host, settings),
  };
}

type Fields = { readonly [name: string]: Model };

function fieldsOf(settings: NginxSettings): Fields {
  const { https, proxyProtocol = false, trustedProxies = [], resolvers = [], accessLog, statusPage, files } = settings;
  return {
    listen: settings.listen,
    statusPage: statusPage ? statusPageModel(statusPage) : false,
    tls: https ? { listen: https.listen } : false,
    trustedProxies: trustedProxies.length > 0 && {
      // To nginx `default` is these two networks, and it warns of them beside it.
      usual: isEverybodyAtAll(trustedProxies) ? 1 : 0,
      networks: isEverybodyAtAll(trustedProxies) ? trustedProxies.filter((one) => !isEverybody(one)) : trustedProxies,
    },
    addressSources: trustedProxies.filter((network) => proxyProtocol || !isEverybody(network)),
    proxyProtocol: proxyProtocol && trustedProxies.length > 0,
    resolvers: resolvers.length > 0 && words(...resolvers.map((one) => (one.includes(":") ? `[${one}]` : one))),
    ours: oursToSay(files),
    proxyFile: findFile(files?.proxy, [...(files?.proxy?.files.keys() ?? [])]),
    ...logFormats(accessLog),
  };
}

function logFormats(accessLog: NginxSettings["accessLog"]): Fields {
  const format = accessLog === undefined || accessLog === "off" ? undefined : accessLog.format;
  return {
    logsVhost: format === "vhost",
    logsJson: format === "json",
    logsOwn: typeof format === "object" && { text: quotedWithVariables(format.text), escape: format.escape },
  };
}

/** Whoever may come from anywhere is no proxy that knows clients: by his word anybody could be from an internal network. */
function isEverybody(network: string): boolean {
  return network.endsWith("/0");
}

function isEverybodyAtAll(networks: readonly string[]): boolean {
  return networks.includes("0.0.0.0/0") && networks.includes("::/0");
}

function statusPageModel({ listen, directory, directoryInNginx = directory, allow }: StatusPageSettings): Fields {
  return { listen, directory: directoryInNginx, allow };
}

/**
 * The operator's settings and what hosts make of them: contested ports. The same for the same, for hosts' texts are kept as
 * long as settings are the same.
 */
export function nginxSettingsFor(hosts: readonly VirtualHost[], settings: NginxSettings): NginxSettings {
  const contested = contestedPorts(hosts, settings);
  if (contested.size === 0) return settings;
  const key = JSON.stringify([...contested]);
  const [known, kept] = contestedSettings.get(settings) ?? [];
  if (known === key && kept) return kept;
  const made = { ...settings, contested };
  contestedSettings.set(settings, [key, made]);
  return made;
}

function contestedPorts(hosts: readonly VirtualHost[], { statusPage }: NginxSettings): Map<number, PortUse | "nobody"> {
  const wishes = new Map<number, Record<PortUse, PortWish[]>>();
  for (const { host, options, portsSince: since = 0 } of hosts) {
    for (const use of ["httpPort", "httpsPort"] as const) {
      const port = options[use];
      if (port === undefined) continue;
      const others = wishes.get(port) ?? { httpPort: [], httpsPort: [] };
      wishes.set(port, { ...others, [use]: [...others[use], { host, since }] });
    }
  }
  const ports = [...wishes].toSorted(([a], [b]) => a - b);
  // The status page's port is for nobody else.
  return new Map(
    ports.flatMap(([port, wanted]) => {
      const use = port === statusPage?.listen ? "nobody" : ownerOf(wanted)?.use;
      return use === undefined ? [] : [[port, use]];
    }),
  );
}

const contestedSettings = new WeakMap<NginxSettings, readonly [key: string, settings: NginxSettings]>();

/** Ports that hosts want for themselves, or the operator for those that want none. */
function ownPorts(
  hosts: readonly VirtualHost[],
  settings: NginxSettings,
): { readonly plain: Set<number>; readonly secure: Set<number> } {
  const [plain, secure] = [new Set<number>(), new Set<number>()];
  for (const options of optionsOf(hosts, settings)) {
    if (options.httpPort !== undefined) plain.add(options.httpPort);
    if (options.httpsPort !== undefined) secure.add(options.httpsPort);
  }
  return { plain, secure };
}

/** Servers for names that nobody claims, on every port that is listened on. */
function unknownHost(hosts: readonly VirtualHost[], settings: NginxSettings): Fields {
  const { https, defaultHost, contested } = settings;
  const own = ownPorts(hosts, settings);
  const usable = (ports: ReadonlySet<number>, use: PortUse) =>
    [...ports].filter((port) => (contested?.get(port) ?? use) === use);
  const plain = new Set([settings.listen, ...usable(own.plain, "httpPort")]);
  const secure = new Set(https ? [https.listen, ...usable(own.secure, "httpsPort")] : []);
  const isDefault = defaultHost === undefined || !hosts.some(({ host }) => host === defaultHost);
  return {
    quicPorts: https?.http3 ? quicPorts(secure, https) : [],
    unknownPlain: [...plain].toSorted(byNumber).flatMap((port) => listens(port, settings, { isDefault })),
    unknownSecure: [...secure]
      .toSorted(byNumber)
      .flatMap((port) => [
        ...listens(port, settings, { isDefault, tls: http2Of(settings) }),
        ...(https?.http3 ? listens(port, settings, { isDefault, quic: "first" }) : []),
      ]),
    unknownHttp2: http2Of(settings).http2 !== false && hasHttp2Directive(settings),
    unknownErrors: errorPages(settings),
    unknownChallenges: (https?.challengesForUnknown ?? false) && https!.challenges,
    unknownTls: https ? tlsOfUnknown(optionsOf(hosts, settings), https) : false,
  };
}

/** Before nginx 1.25 one server of a port decides about HTTP/2 for all of them: this one only says what is usual. */
function http2Of({ defaults }: NginxSettings): { http2?: boolean } {
  const http2 = defaults?.host.http2;
  return http2 === undefined ? {} : { http2 };
}

/** Ports that clients have to write, each with the one that nginx listens on. */
function quicPorts(listening: ReadonlySet<number>, { listen, port }: HttpsSettings): Model {
  const known = [...listening].map((own) => ({ listen: own, port: own === listen ? port : own }));
  return known.filter((one) => one.port !== HTTPS_PORT);
}

/** The port that no client writes. */
const HTTPS_PORT = 443;

function optionsOf(hosts: readonly VirtualHost[], { defaults }: NginxSettings): HostOptions[] {
  return [defaults?.host ?? {}, ...hosts.map(({ options }) => options)];
}

function byNumber(a: number, b: number): number {
  return a - b;
}
