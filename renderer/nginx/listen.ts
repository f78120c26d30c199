import type { Verbatim } from "../template/model.ts";
import type { NginxSettings } from "./settings.ts";
import { tokens } from "./text.ts";
import { hasHttp2Directive } from "./version.ts";

export interface ListenOptions {
  /** Answers for unknown host names on this port. */
  readonly isDefault?: boolean;
  readonly tls?: { readonly http2?: boolean };
  /** HTTP/3. Exactly the first server of a port opens the socket for all workers. */
  readonly quic?: "first" | "further";
}

/** Returns the parameters of `listen`: for IPv4, and for IPv6 if enabled. */
export function listens(port: number, settings: NginxSettings, options: ListenOptions): Verbatim[] {
  const { isDefault = false, tls, quic } = options;
  const others = new Set(settings.files?.siblingDirectives);
  // A file of the operator in the same directory may have these parameters, which nginx accepts only once.
  const unique = (socket: string, parameter: string): string[] =>
    others.has(`listen ${socket}${quic ? " quic" : ""} ${parameter}`) ? [] : [parameter];
  const parametersOf = (socket: string): string[] => {
    const byDefault = isDefault ? unique(socket, "default_server") : [];
    if (quic) return ["quic", ...(quic === "first" ? unique(socket, "reuseport") : []), ...byDefault];
    return [
      ...byDefault,
      ...(tls ? ["ssl"] : []),
      ...(tls && tls.http2 !== false && !hasHttp2Directive(settings) ? ["http2"] : []),
      // nginx supports no PROXY protocol over QUIC.
      ...(settings.proxyProtocol ? ["proxy_protocol"] : []),
    ];
  };
  const sockets = [`${port}`, ...(settings.ipv6 ? [`[::]:${port}`] : [])];
  return sockets.map((socket) => tokens(socket, ...parametersOf(socket)));
}
