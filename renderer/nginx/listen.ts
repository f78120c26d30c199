import type { Verbatim } from "../template/model.ts";
import type { NginxSettings } from "./settings.ts";
import { words } from "./text.ts";

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
    ? ["quic", ...(quic === "first" ? ["reuseport"] : []), ...(isDefault ? ["default_server"] : [])]
    : [
        ...(isDefault ? ["default_server"] : []),
        ...(tls ? ["ssl"] : []),
        ...(tls && tls.http2 !== false && !hasHttp2Directive(settings) ? ["http2"] : []),
        // nginx knows no PROXY protocol over QUIC.
        ...(settings.proxyProtocol ? ["proxy_protocol"] : []),
      ];
  return [words(port, ...signs), ...(settings.ipv6 ? [words(`[::]:${port}`, ...signs)] : [])];
}

/** Whether this nginx has `http2 on;` for a server, and warns of `http2` behind `listen`: from 1.25.1 on. */
export function hasHttp2Directive({ version }: Pick<NginxSettings, "version">): boolean {
  const [, minor = 0, patch = 0] = (version ?? "1.0").split(".").map(Number);
  return minor > 25 || (minor === 25 && patch >= 1);
}
