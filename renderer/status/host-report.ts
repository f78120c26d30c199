import { isIPv6 } from "node:net";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { expiryDate } from "../nginx/certificates/certificate.ts";
import { hostAccess, pathAccess } from "../nginx/access.ts";
import { type Fault, faultText } from "../nginx/guard.ts";
import { schemesOf } from "../nginx/schemes.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import { streamAccess } from "../nginx/stream-page.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import { pathKey } from "../routes/path-match.ts";
import type { PathOptions } from "../routes/options.ts";
import { parseStreamName, type StreamName } from "../routes/stream-name.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { UpstreamServer } from "../routes/routes.ts";
import { hostSettings, pathSettings, serverSettings } from "./host-settings.ts";
import type { VirtualHostReport } from "./report.ts";

export class ContainerIndex {
  readonly #byName = new Map<string, InventoryContainer[]>();

  constructor(containers: readonly InventoryContainer[]) {
    for (const one of containers) {
      const { name, id } = one.container;
      for (const key of [name, id.slice(0, 12)]) {
        const same = this.#byName.get(key);
        if (same) same.push(one);
        else this.#byName.set(key, [one]);
      }
    }
  }

  /** Several Docker hosts may have containers of the same name: the address decides. */
  find({ container, address }: UpstreamServer): InventoryContainer | undefined {
    const same = this.#byName.get(container) ?? [];
    const hasAddress = (one: InventoryContainer): boolean =>
      one.container.networks.some(({ ipv4, ipv6 }) => ipv4 === address || ipv6?.toLowerCase() === address);
    return same.find(hasAddress) ?? same[0];
  }
}

/** What a host's report needs in addition to its routes. */
export interface HostContext {
  readonly containers: ContainerIndex;
  /** Containers that request the host and cannot receive requests now. */
  readonly unavailable: readonly Diagnostic[];
  /** Containers whose settings for the host are ignored. */
  readonly conflicts: readonly Diagnostic[];
  readonly settings: NginxSettings | undefined;
  /** How the operator's rule named the host. */
  readonly ruled?: readonly string[];
  readonly owner?: string | undefined;
}

export function reportHost(
  virtualHost: VirtualHost,
  { containers, unavailable, conflicts, settings, ruled = [], owner }: HostContext,
): VirtualHostReport {
  const { host, paths, redirectTo } = virtualHost;
  const stream = parseStreamName(host);
  if (stream) return reportStream(virtualHost, stream, { containers, unavailable, conflicts, settings, owner });
  const access = settings && hostAccess(virtualHost, settings);
  const options = access?.options ?? virtualHost.options;
  const schemes = schemesOf({ host, options }, settings?.https?.certificates);
  const { certificate } = schemes;
  return {
    host,
    paths: paths.map((path) => {
      const pathLevel = settings && pathAccess(host, path, settings);
      return {
        path: pathKey(path.path),
        protocol: path.protocol,
        servers: path.servers.map((server) => reportServer(server, containers.find(server))),
        ...closed(pathLevel?.faults),
        ...unlessEmpty(pathSettings(host, path, options.root, pathLevel?.passwords, settings)),
      };
    }),
    ...closed(access?.faults),
    unavailable: unavailable.map(reasonOf),
    ...(conflicts.length > 0 && { conflicts: conflicts.map(reasonOf) }),
    ...(settings && unlessEmpty([...hostSettings(virtualHost, options, schemes, settings), ...ruled])),
    ...(owner !== undefined && { owner }),
    ...(redirectTo !== undefined && { redirectTo }),
    ...(certificate && { tls: { certificate: certificate.stem, expires: expiryDate(certificate) } }),
  };
}

/** Reports a stream in place of a virtual host. */
function reportStream(
  virtualHost: VirtualHost,
  { protocol, name }: StreamName,
  { containers, unavailable, conflicts, settings, owner }: HostContext,
): VirtualHostReport {
  const { host, paths } = virtualHost;
  const access = settings && streamAccess(virtualHost, settings);
  const place =
    protocol === "tls"
      ? `TLS connections to port ${settings?.streams?.sni} of nginx for the server name ${name}, forwarded without decryption`
      : `${protocol.toUpperCase()} port ${name} of nginx`;
  return {
    host,
    paths: paths.map((path) => ({
      path: pathKey(path.path),
      protocol,
      servers: path.servers.map((server) => reportServer(server, containers.find(server))),
      ...closed(access?.faults),
    })),
    unavailable: unavailable.map(reasonOf),
    ...(conflicts.length > 0 && { conflicts: conflicts.map(reasonOf) }),
    settings: [
      place,
      ...(access?.allow ? [`only for ${access.allow.join(", ")}`] : []),
      ...paths.flatMap((path) =>
        pathSettings(
          host,
          { ...path, protocol, options: streamOptions(path.options) },
          undefined,
          undefined,
          undefined,
        ),
      ),
    ],
    ...(owner !== undefined && { owner }),
  };
}

function streamOptions({ balance, timeout, retry, retryTries }: PathOptions): PathOptions {
  return Object.fromEntries(
    Object.entries({ balance, timeout, retry, retryTries }).filter(([, value]) => value !== undefined),
  );
}

function reasonOf({ container, reason }: Diagnostic): { container: string; reason: string } {
  return { container, reason };
}

function closed(faults: readonly Fault[] = []): { closed?: string[] } {
  return faults.length === 0 ? {} : { closed: faults.map(faultText) };
}

function unlessEmpty(settings: string[]): { settings?: string[] } {
  return settings.length === 0 ? {} : { settings };
}

function reportServer(
  server: UpstreamServer,
  known: InventoryContainer | undefined,
): VirtualHostReport["paths"][number]["servers"][number] {
  const { address, port, container } = server;
  const startedAt = known?.container.startedAt;
  return {
    endpoint: isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`,
    container,
    ...unlessEmpty(serverSettings(server)),
    ...(known && {
      dockerHost: known.dockerHost,
      ...(known.container.task?.node !== undefined && { node: known.container.task.node }),
      health: known.container.health,
      createdAt: known.container.createdAt,
      ...(startedAt !== undefined && { startedAt }),
    }),
  };
}
