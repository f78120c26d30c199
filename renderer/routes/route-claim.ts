import { parsePort, type HostName, type PortNumber } from "./grammar.ts";
import type { Permission } from "./option.ts";
import { oneOf } from "./option-values.ts";
import { parseDestination, parsePath, type PathMatch, type PathText } from "./path-match.ts";

/** What is spoken to an app. */
export type Protocol = "http" | "https" | "grpc" | "grpcs" | "fastcgi" | "uwsgi";

/** One path of one virtual host that a container answers for. */
export interface RouteClaim {
  readonly host: HostName;
  readonly path: PathMatch;
  /** Undefined: the port that the container exposes. */
  readonly port?: PortNumber;
  readonly protocol: Protocol;
  /** What the path is replaced with on the way to the app. */
  readonly destination?: PathText;
  /** Ports that nginx shall listen on for this host. */
  readonly ports?: { readonly httpPort?: PortNumber; readonly httpsPort?: PortNumber };
}

/** Who may claim names below a suffix. */
export interface Owner {
  /** `example.com`: this name and all below. */
  readonly suffix: string;
  /** Compose projects. */
  readonly projects: readonly string[];
}

/** Where nginx listens for everybody, and for the status page. */
export interface UsualPorts {
  readonly plain: readonly number[];
  readonly tls: readonly number[];
  readonly page?: number | undefined;
}

/** What decides how a claim is read. */
export interface ClaimRules {
  readonly permissions?: ReadonlySet<Permission>;
  readonly owners?: readonly Owner[];
  readonly usualPorts?: UsualPorts;
}

type OwnPorts = NonNullable<RouteClaim["ports"]>;

/** Ports of its own that cannot be, and why. */
export function impossiblePorts(
  { httpPort, httpsPort }: OwnPorts,
  { usualPorts }: ClaimRules,
): ReadonlyMap<keyof OwnPorts, string> {
  const { plain = [], tls = [], page } = usualPorts ?? {};
  const why = (port: number | undefined, others: readonly (number | undefined)[]): string | undefined => {
    if (port === undefined) return undefined;
    if (port === page) return "the status page is there";
    return others.includes(port) ? "one port speaks either plain HTTP or TLS" : undefined;
  };
  const found = [
    ["httpPort", why(httpPort, [...tls, httpsPort])],
    ["httpsPort", why(httpsPort, plain)],
  ] as const;
  return new Map(found.flatMap(([key, fault]) => (fault === undefined ? [] : [[key, fault]])));
}

/** A route as it is written: empty text where nothing is said. */
export interface WrittenRoute {
  readonly host: HostName;
  readonly path: string;
  readonly port: string;
  readonly protocol: string;
  readonly destination: string;
}

export type ReadRoute =
  | {
      readonly kind: "route";
      readonly route: RouteClaim;
      /** What was left out of it. */
      readonly remarks: readonly { readonly why: string; readonly value: string }[];
    }
  /** No request could be answered as it was meant. */
  | {
      readonly kind: "refused";
      readonly what: "path" | "port" | "proto";
      readonly why: string;
      readonly value: string;
    };

const parseProtocol = oneOf("http", "https", "grpc", "grpcs", "fastcgi", "uwsgi");

/** Reads path, port and protocol; a destination that cannot be is left out. */
export function readRoute({ host, path, port, protocol, destination }: WrittenRoute, rules: ClaimRules): ReadRoute {
  const where = parsePath(path.trim() || "/", rules.permissions?.has("regex") ?? false);
  if (where.kind === "refused") return { kind: "refused", what: "path", why: where.why, value: path };
  const hasPort = port.trim() !== "" && port.trim() !== "default";
  const number = hasPort ? parsePort(port) : undefined;
  if (number?.kind === "refused") return { kind: "refused", what: "port", why: number.why, value: port };
  const spoken = parseProtocol(protocol.trim() || "http");
  if (spoken.kind === "refused") return { kind: "refused", what: "proto", why: spoken.why, value: protocol };
  const { found, remarks } = readDestination(destination, where.value, spoken.value);
  const route = { host, path: where.value, protocol: spoken.value };
  return {
    kind: "route",
    route: { ...route, ...(number && { port: number.value }), ...(found !== undefined && { destination: found }) },
    remarks,
  };
}

function readDestination(
  raw: string,
  { kind }: PathMatch,
  protocol: Protocol,
): { found?: PathText; remarks: { why: string; value: string }[] } {
  if (raw.trim() === "") return { remarks: [] };
  const leftOut = (why: string): ReturnType<typeof readDestination> => ({ remarks: [{ why, value: raw }] });
  if (protocol !== "http" && protocol !== "https") return leftOut(`a destination has no meaning for ${protocol}`);
  if (kind === "~" || kind === "~*") return leftOut("a destination cannot follow a regular expression");
  const destination = parseDestination(raw);
  return destination.kind === "ok" ? { found: destination.value, remarks: [] } : leftOut(destination.why);
}
