import type { HostOptions } from "../routes/options.ts";
import type { PortUse } from "../routes/contested-ports.ts";
import type { Published } from "../routes/routes.ts";
import type { Model, ModelFields } from "../template/model.ts";
import { isUsableFor } from "./contested-ports.ts";
import { challengesModel } from "./challenges.ts";
import { findErrorPage } from "./files.ts";
import { listens } from "./listen.ts";
import { reservedServers } from "./reserved-names.ts";
import type { HttpsSettings, NginxSettings } from "./settings.ts";
import { unknownHostTls } from "./tls.ts";
import { hasHttp2Directive } from "./version.ts";

/** The port that clients omit from URLs. */
const HTTPS_PORT = 443;

/** Returns the servers for unknown host names, on every port that nginx listens on. */
export function unknownHostsModel(published: Published, settings: NginxSettings): ModelFields {
  const hosts = published.virtualHosts;
  const { https, defaultHost, defaults } = settings;
  const options = [defaults?.host ?? {}, ...hosts.map((host) => host.options)];
  const plain = portsOf(options, "httpPort", settings.listen, settings);
  const secure = https ? portsOf(options, "httpsPort", https.listen, settings) : [];
  const isDefault = defaultHost === undefined || !hosts.some(({ host }) => host === defaultHost);
  // Before nginx 1.25.1 one server enables HTTP/2 for all servers of its port, so this one uses the operator's default.
  const http2 = defaults?.host.http2;
  const tls = http2 === undefined ? {} : { http2 };
  const reserved = reservedServers(published, { plain, secure }, settings);
  return {
    reservedPlain: reserved.plain,
    reservedSecure: reserved.secure,
    quicPorts: https?.http3 ? quicPorts(secure, https) : [],
    unknownPlain: plain.flatMap((port) => listens(port, settings, { isDefault })),
    unknownSecure: secure.flatMap((port) => [
      ...listens(port, settings, { isDefault, tls }),
      ...(https?.http3 ? listens(port, settings, { isDefault, quic: "first" }) : []),
    ]),
    unknownHttp2: http2 !== false && hasHttp2Directive(settings),
    unknownErrors: findErrorPage(settings, [503]),
    unknownChallenges: https?.challengesForUnknown === true && challengesModel(settings),
    unknownTls: https ? unknownHostTls(options, https) : false,
  };
}

/** Returns the target's port and the hosts' own ports, sorted. */
function portsOf(hosts: readonly HostOptions[], use: PortUse, listen: number, settings: NginxSettings): number[] {
  const own = hosts.flatMap((options) => options[use] ?? []).filter((port) => isUsableFor(port, use, settings));
  return [...new Set([listen, ...own])].toSorted((a, b) => a - b);
}

/** Returns the ports that clients write in URLs, each with the port that nginx listens on. */
function quicPorts(listening: readonly number[], { listen, port }: HttpsSettings): Model {
  const known = listening.map((own) => ({ listen: own, port: own === listen ? port : own }));
  return known.filter((one) => one.port !== HTTPS_PORT);
}
