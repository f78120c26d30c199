import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Published, VirtualHost } from "../routes/routes.ts";
import type { Model } from "./model.ts";
import type { Page } from "./template.ts";

/** The routes as the nginx template prints them: text that is safe as it stands, names that never collide. */
export function nginxPage({ virtualHosts }: Published, listen: number): Page<VirtualHost> {
  return { fields: { listen }, hosts: virtualHosts, modelOf: (host) => hostModel(host, listen) };
}

function hostModel({ host, paths }: VirtualHost, listen: number): { readonly [name: string]: Model } {
  const servers = paths.flatMap((path) => path.servers);
  return {
    listen,
    name: host,
    upstream: upstreamName(host),
    isServed: servers.length > 0,
    servers: servers.map(({ address, port, container }) => ({
      endpoint: isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`,
      container,
    })),
  };
}

/** A hash, for a host may be longer than nginx takes for a name, and `*.a` must differ from `a`. */
function upstreamName(host: string): string {
  return `sallyport-${createHash("sha256").update(host).digest("hex").slice(0, 16)}`;
}
