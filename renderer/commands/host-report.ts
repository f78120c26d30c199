import { isIPv6 } from "node:net";
import { certificateOf } from "../certificates/choose.ts";
import type { CertificateSet } from "../certificates/directory.ts";
import { dayOf } from "../certificates/certificate.ts";
import type { Known } from "../inventory/known.ts";
import { pathKey } from "../routes/path-match.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Server } from "../routes/server.ts";
import type { Report } from "../status/report.ts";

type HostReport = Report["virtualHosts"][number];

/** What the agents know of the containers, to be found by what the routes say of them. */
export class KnownContainers {
  readonly #byName = new Map<string, Known[]>();

  constructor(known: readonly Known[]) {
    for (const one of known) {
      const { name, id } = one.container;
      for (const key of [name, id.slice(0, 12)]) {
        const same = this.#byName.get(key);
        if (same) same.push(one);
        else this.#byName.set(key, [one]);
      }
    }
  }

  /** The container behind a server: of several of one name the one that has its address. */
  behind({ container, address }: Server): Known | undefined {
    const same = this.#byName.get(container) ?? [];
    const holdsIt = (one: Known): boolean =>
      one.container.networks.some(({ ipv4, ipv6 }) => ipv4 === address || ipv6?.toLowerCase() === address);
    return same.find(holdsIt) ?? same[0];
  }
}

/** One virtual host of a target. `waiting` are the containers that claim it and have no part in it now. */
export function reportHost(
  virtualHost: VirtualHost,
  known: KnownContainers,
  waiting: readonly Diagnostic[],
  certificates: CertificateSet | undefined,
): HostReport {
  const servers = virtualHost.paths.flatMap((path) => path.servers);
  const certificate = certificates && certificateOf(virtualHost, certificates);
  return {
    host: virtualHost.host,
    servers: servers.map(({ address, port }) => `${address}:${port}`),
    containers: servers.map(({ container }) => container),
    paths: virtualHost.paths.map(({ path, protocol, servers: own }) => ({
      path: pathKey(path),
      protocol,
      servers: own.map((server) => reportServer(server, known.behind(server))),
    })),
    waiting: waiting.map(({ name, detail }) => ({ container: name, detail })),
    ...(virtualHost.redirectTo !== undefined && { redirectTo: virtualHost.redirectTo }),
    ...(certificate && { tls: { certificate: certificate.stem, until: dayOf(certificate) } }),
  };
}

function reportServer(
  { address, port, container }: Server,
  known: Known | undefined,
): HostReport["paths"][number]["servers"][number] {
  const startedAt = known?.container.startedAt;
  return {
    endpoint: isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`,
    container,
    ...(known && {
      dockerHost: known.host,
      health: known.container.health,
      createdAt: known.container.createdAt,
      ...(startedAt !== undefined && { startedAt }),
    }),
  };
}
