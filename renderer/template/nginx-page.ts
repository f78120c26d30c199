import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import { certificateOf } from "../certificates/choose.ts";
import type { CertificateSet } from "../certificates/directory.ts";
import type { StatusPageSettings } from "../page/settings.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import type { Model } from "./model.ts";
import type { Page } from "./template.ts";

/** How nginx is reached, apart from what containers say. The same object as long as nothing in it changes. */
export interface NginxSettings {
  /** Port for plain HTTP, inside nginx's container. */
  readonly listen: number;
  readonly https?: HttpsSettings;
  /** Undefined where another target's nginx serves the page, or none. */
  readonly statusPage?: StatusPageSettings | undefined;
}

export interface HttpsSettings {
  /** Port for TLS, inside nginx's container. */
  readonly listen: number;
  /** The port that clients know it by. */
  readonly port: number;
  /** Where nginx finds the certificates' files. */
  readonly directory: string;
  /** Where nginx finds what an ACME client lays out for its authority. */
  readonly challenges: string;
  /** Seconds for which browsers are told to come by TLS only; 0 says nothing. */
  readonly hstsSeconds: number;
  readonly certificates: CertificateSet;
}

/** The routes as the nginx template prints them: text that is safe as it stands, names that never collide. */
export function nginxPage({ virtualHosts }: Published, settings: NginxSettings): Page<VirtualHost> {
  const { listen, https, statusPage } = settings;
  const tls = https ? { listen: https.listen } : false;
  const fields = { listen, tls, statusPage: statusPage ? statusPageModel(statusPage) : false };
  return { fields, hosts: virtualHosts, settings, modelOf: (host) => hostModel(host, settings) };
}

type Fields = { readonly [name: string]: Model };

function statusPageModel({ listen, directory, directoryInNginx = directory, allow }: StatusPageSettings): Fields {
  return { listen, directory: directoryInNginx, allow };
}

function hostModel(virtualHost: VirtualHost, settings: NginxSettings): Fields {
  const { host, paths } = virtualHost;
  const servers = paths.flatMap((path) => path.servers);
  return {
    listen: settings.listen,
    name: host,
    upstream: upstreamName(host),
    isServed: servers.length > 0,
    servers: servers.map(({ address, port, container }) => ({
      endpoint: isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`,
      container,
    })),
    challenges: settings.https?.challenges ?? false,
    ...tlsModel(virtualHost, settings.https),
  };
}

/** What is said by plain HTTP (`serves`, `redirect`) and by TLS. Without a certificate a host is served plainly. */
function tlsModel(virtualHost: VirtualHost, https: HttpsSettings | undefined): Fields {
  const method = virtualHost.https.method ?? "redirect";
  const certificate = https && certificateOf(virtualHost, https.certificates);
  if (!https || !certificate) return { servesPlain: true, redirect: false, tls: false };
  const { stem, fingerprint, notAfter } = certificate;
  return {
    servesPlain: method === "noredirect",
    redirect: method === "redirect" && { port: https.port === 443 ? "" : `:${https.port}` },
    tls: {
      listen: https.listen,
      certificate: `${https.directory}/${stem}.crt`,
      key: `${https.directory}/${stem}.key`,
      // A renewed certificate has the same path: this makes it another text, which is reloaded.
      about: fingerprint.slice(0, 16),
      until: new Date(notAfter).toISOString().slice(0, 10),
      hsts: method !== "noredirect" && https.hstsSeconds > 0 && { seconds: https.hstsSeconds },
    },
  };
}

/** A hash, for a host may be longer than nginx takes for a name, and `*.a` must differ from `a`. */
function upstreamName(host: string): string {
  return `sallyport-${createHash("sha256").update(host).digest("hex").slice(0, 16)}`;
}
