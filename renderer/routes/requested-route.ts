import { parsePort, type HostName, type PortNumber } from "./grammar.ts";
import { type Protocol, parseProtocol } from "./option-values.ts";
import { parseDestination, parsePath, type PathMatch, type PathText } from "./path-match.ts";
import type { RequestRules } from "./route-rules.ts";
import type { StreamProtocol } from "./stream-name.ts";

/** One path of one virtual host that a container requests. */
export interface RequestedRoute {
  readonly host: HostName;
  readonly path: PathMatch;
  /** Undefined: the port that the container exposes. */
  readonly port?: PortNumber;
  readonly protocol: Protocol | StreamProtocol;
  /** Replaces the path in requests to the app. */
  readonly destination?: PathText;
  /** Ports that nginx listens on for this host. */
  readonly ports?: HostPorts;
}

export interface HostPorts {
  readonly httpPort?: PortNumber;
  readonly httpsPort?: PortNumber;
}

/** Returns the ports of a host that nginx cannot use as requested, each with the problem. */
export function unusablePorts(
  { httpPort, httpsPort }: HostPorts,
  { defaultPorts, streams }: RequestRules,
): ReadonlyMap<keyof HostPorts, string> {
  const { plain = [], tls = [], page } = defaultPorts ?? {};
  const problemOf = (port: number | undefined, others: readonly (number | undefined)[]): string | undefined => {
    if (port === undefined) return undefined;
    if (port === page) return `port ${port} serves the status page`;
    if (port === streams?.sni || streams?.ports.includes(`${port}/tcp`)) return `port ${port} serves streams`;
    return others.includes(port) ? `port ${port} cannot serve both plain HTTP and TLS` : undefined;
  };
  const problems = [
    ["httpPort", problemOf(httpPort, [...tls, httpsPort])],
    ["httpsPort", problemOf(httpsPort, plain)],
  ] as const;
  return new Map(problems.flatMap(([key, problem]) => (problem === undefined ? [] : [[key, problem]])));
}

/** A route before parsing; empty text for what is not set. */
export interface RawRoute {
  readonly host: HostName;
  readonly path: string;
  readonly port: string;
  readonly protocol: string;
  readonly destination: string;
}

/** A value that cannot be used, and why. */
export interface InvalidValue {
  readonly value: string;
  readonly reason: string;
  readonly hint?: string;
}

export type ParsedRoute =
  /** `ignored`: values that the route goes without. */
  | { readonly kind: "ok"; readonly route: RequestedRoute; readonly ignored: readonly InvalidValue[] }
  /** No request could be served as the container intends. */
  | ({ readonly kind: "invalid"; readonly field: "path" | "port" | "protocol" } & InvalidValue);

/** Parses path, port and protocol. An invalid destination is ignored. */
export function parseRoute({ host, path, port, protocol, destination }: RawRoute, rules: RequestRules): ParsedRoute {
  const match = parsePath(path.trim() || "/", rules.permissions?.has("regex") ?? false);
  if (match.kind === "invalid") return { ...match, field: "path", value: path };
  const hasPort = port.trim() !== "" && port.trim() !== "default";
  const number = hasPort ? parsePort(port) : undefined;
  if (number?.kind === "invalid") return { ...number, field: "port", value: port };
  const parsedProtocol = parseProtocol(protocol.trim() || "http");
  if (parsedProtocol.kind === "invalid") return { ...parsedProtocol, field: "protocol", value: protocol };
  const route = { host, path: match.value, protocol: parsedProtocol.value, ...(number && { port: number.value }) };
  if (destination.trim() === "") return { kind: "ok", route, ignored: [] };
  const fault = destinationFault(route);
  const parsed = fault === undefined ? parseDestination(destination) : { kind: "invalid" as const, reason: fault };
  return parsed.kind === "ok"
    ? { kind: "ok", route: { ...route, destination: parsed.value }, ignored: [] }
    : { kind: "ok", route, ignored: [{ value: destination, reason: parsed.reason }] };
}

function destinationFault({ path: { kind }, protocol }: RequestedRoute): string | undefined {
  if (protocol !== "http" && protocol !== "https") return `${protocol} does not support a destination`;
  return kind === "~" || kind === "~*" ? "a regular expression does not support a destination" : undefined;
}
