import { isIPv6 } from "node:net";
import { answersOf } from "../nginx/certificates/answers.ts";
import { dayOf } from "../nginx/certificates/certificate.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { pathKey } from "../routes/path-match.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Server } from "../routes/server.ts";
import { hostRules, pathRules, serverRules } from "./host-rules.ts";
import type { Report } from "./report.ts";
import type { NginxSettings } from "../nginx/settings.ts";

type HostReport = Report["virtualHosts"][number];

/** What the agents know of the containers, to be found by what the routes say of them. */
export class KnownContainers {
  readonly #byName = new Map<string, InventoryContainer[]>();

  constructor(known: readonly InventoryContainer[]) {
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
  behind({ container, address }: Server): InventoryContainer | undefined {
    const same = this.#byName.get(container) ?? [];
    const holdsIt = (one: InventoryContainer): boolean =>
      one.container.networks.some(({ ipv4, ipv6 }) => ipv4 === address || ipv6?.toLowerCase() === address);
    return same.find(holdsIt) ?? same[0];
  }
}

/** What is known of a host besides its routes. */
export interface AroundHost {
  readonly known: KnownContainers;
  /** Containers that claim it and have no part in it now. */
  readonly waiting: readonly Diagnostic[];
  /** Containers whose word on it does not count. */
  readonly disputed: readonly Diagnostic[];
  /** How its nginx is set up. */
  readonly settings: NginxSettings | undefined;
}

/** One virtual host of a target. */
export function reportHost(virtualHost: VirtualHost, { known, waiting, disputed, settings }: AroundHost): HostReport {
  const { host, paths, redirectTo } = virtualHost;
  const servers = paths.flatMap((path) => path.servers);
  const options = { ...settings?.defaults?.host, ...virtualHost.options };
  const answers = answersOf({ host, options }, settings?.https?.certificates);
  const { certificate } = answers;
  return {
    host,
    servers: servers.map(({ address, port }) => `${address}:${port}`),
    containers: servers.map(({ container }) => container),
    paths: paths.map((path) => ({
      path: pathKey(path.path),
      protocol: path.protocol,
      servers: path.servers.map((server) => reportServer(server, known.behind(server))),
      ...rulesOf(pathRules(path, { ...settings?.defaults?.path, ...path.options }, options.root)),
    })),
    waiting: waiting.map(said),
    ...(disputed.length > 0 && { disputed: disputed.map(said) }),
    ...(settings && rulesOf(hostRules(virtualHost, options, answers, settings))),
    ...(redirectTo !== undefined && { redirectTo }),
    ...(certificate && { tls: { certificate: certificate.stem, until: dayOf(certificate) } }),
  };
}

function said({ name, detail }: Diagnostic): { container: string; detail: string } {
  return { container: name, detail };
}

function rulesOf(rules: string[]): { rules?: string[] } {
  return rules.length === 0 ? {} : { rules };
}

function reportServer(
  server: Server,
  known: InventoryContainer | undefined,
): HostReport["paths"][number]["servers"][number] {
  const { address, port, container } = server;
  const startedAt = known?.container.startedAt;
  return {
    endpoint: isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`,
    container,
    ...rulesOf(serverRules(server)),
    ...(known && {
      dockerHost: known.host,
      health: known.container.health,
      createdAt: known.container.createdAt,
      ...(startedAt !== undefined && { startedAt }),
    }),
  };
}
