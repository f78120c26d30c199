import type { StatusPageSettings } from "../page/settings.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import { hostModel } from "./nginx-host.ts";
import { listens } from "./nginx-listen.ts";
import type { NginxSettings } from "./nginx-settings.ts";
import { words } from "./nginx-text.ts";
import { tlsOfUnknown } from "./nginx-tls.ts";
import type { Model } from "./model.ts";
import type { Page } from "./template.ts";

/** The routes as the nginx template prints them: text that is safe as it stands, names that never collide. */
export function nginxPage({ virtualHosts }: Published, settings: NginxSettings): Page<VirtualHost> {
  return {
    fields: { ...fieldsOf(settings), ...unknownHost(virtualHosts, settings) },
    hosts: virtualHosts,
    settings,
    modelOf: (host) => hostModel(host, settings),
  };
}

type Fields = { readonly [name: string]: Model };

function fieldsOf(settings: NginxSettings): Fields {
  const { https, proxyProtocol = false, trustedProxies = [], resolvers = [], accessLog, statusPage } = settings;
  return {
    listen: settings.listen,
    statusPage: statusPage ? statusPageModel(statusPage) : false,
    tls: https ? { listen: https.listen } : false,
    trustedProxies,
    proxyProtocol: proxyProtocol && trustedProxies.length > 0,
    resolvers: resolvers.length > 0 && words(...resolvers.map((one) => (one.includes(":") ? `[${one}]` : one))),
    logsVhost: accessLog !== undefined && accessLog !== "off" && accessLog.format === "vhost",
    logsJson: accessLog !== undefined && accessLog !== "off" && accessLog.format === "json",
  };
}

function statusPageModel({ listen, directory, directoryInNginx = directory, allow }: StatusPageSettings): Fields {
  return { listen, directory: directoryInNginx, allow };
}

/** Servers for names that nobody claims, on every port that is listened on. */
function unknownHost(hosts: readonly VirtualHost[], settings: NginxSettings): Fields {
  const { https, defaultHost } = settings;
  const plain = new Set([settings.listen]);
  const secure = new Set(https ? [https.listen] : []);
  for (const { options } of hosts) {
    if (options.httpPort !== undefined) plain.add(options.httpPort);
    if (https && options.httpsPort !== undefined) secure.add(options.httpsPort);
  }
  const isDefault = defaultHost === undefined || !hosts.some(({ host }) => host === defaultHost);
  return {
    unknownPlain: [...plain].toSorted(byNumber).flatMap((port) => listens(port, settings, { isDefault })),
    unknownSecure: [...secure]
      .toSorted(byNumber)
      .flatMap((port) => [
        ...listens(port, settings, { isDefault, tls: {} }),
        ...(https?.http3 ? listens(port, settings, { quic: "first" }) : []),
      ]),
    unknownTls: https ? tlsOfUnknown(https) : false,
  };
}

function byNumber(a: number, b: number): number {
  return a - b;
}
