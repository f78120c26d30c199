import type { HostName, PortNumber } from "./grammar.ts";

/** Protocols of streams. `tls`: connections of one server name, which nginx does not open. */
export type StreamProtocol = "tcp" | "udp" | "tls";

/** A stream has the place of a virtual host in the routes. Its name is `5432/tcp`, `53/udp` or `db.example.com/tls`. */
export interface StreamName {
  readonly protocol: StreamProtocol;
  /** The port, or of `tls` the server name. */
  readonly name: string;
}

export function streamName(name: PortNumber | HostName, protocol: StreamProtocol): HostName {
  return `${name}/${protocol}` as HostName;
}

/** Returns undefined for the name of a virtual host. */
export function parseStreamName(text: string): StreamName | undefined {
  const [, name, protocol] = /^(.*)\/(tcp|udp|tls)$/s.exec(text) ?? [];
  return name === undefined ? undefined : { name, protocol: protocol as StreamProtocol };
}
