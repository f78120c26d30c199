import type { Verbatim } from "./model.ts";
import type { NginxSettings } from "./nginx-settings.ts";
import { words } from "./nginx-text.ts";

export interface ListenOptions {
  /** Answers for names nobody claims on this port. */
  readonly isDefault?: boolean;
  readonly tls?: { readonly http2?: boolean };
  /** HTTP/3; of all servers on a port exactly the first one opens the socket for all workers. */
  readonly quic?: "first" | "further";
}

/** What stands after `listen`: one for IPv4, and one for IPv6 when the operator wants it. */
export function listens(port: number, settings: NginxSettings, options: ListenOptions): Verbatim[] {
  const { isDefault = false, tls, quic } = options;
  const signs = quic
    ? ["quic", ...(quic === "first" ? ["reuseport"] : [])]
    : [
        ...(isDefault ? ["default_server"] : []),
        ...(tls ? ["ssl"] : []),
        ...(tls && tls.http2 !== false ? ["http2"] : []),
        // nginx knows no PROXY protocol over QUIC.
        ...(settings.proxyProtocol ? ["proxy_protocol"] : []),
      ];
  return [words(port, ...signs), ...(settings.ipv6 ? [words(`[::]:${port}`, ...signs)] : [])];
}
