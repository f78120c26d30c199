import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Problem } from "./diagnostic.ts";
import {
  invalid,
  ok,
  type HostName,
  type Parsed,
  parseHostEntry,
  parsePort,
  type PortNumber,
  splitList,
} from "./grammar.ts";
import type { RawOption } from "./option.ts";
import { ROOT } from "./path-match.ts";
import type { RequestedRoute } from "./requested-route.ts";
import type { StreamPorts } from "./route-rules.ts";
import { streamName, type StreamProtocol } from "./stream-name.ts";
import { exposedTcp } from "./upstream-port.ts";

/** Options that request a stream, by its protocol. */
export const STREAM_OPTIONS = {
  tcp: { label: "tcp", isRequest: true },
  udp: { label: "udp", isRequest: true },
  tls: { label: "sni", isRequest: true },
} as const;

const SETTING = "in the nginx target of the renderer's configuration";

const TO_ROUTE = "correct it to route the container";

interface ParsedStreams {
  readonly routes: readonly RequestedRoute[];
  readonly problems: readonly Problem[];
}

/** One entry of a list: the names of its streams, and the container's port. */
interface Entry {
  readonly names: readonly (PortNumber | HostName)[];
  readonly port: PortNumber;
}

/** Parses `5432`, `5432:5432`, `db.example.com` and `db.example.com:5432`, separated by commas. */
export function parseStreams(
  known: InventoryContainer,
  protocol: StreamProtocol,
  { name: where, raw }: RawOption,
  offered: StreamPorts,
): ParsedStreams {
  const routes = new Map<HostName, RequestedRoute>();
  const problems: Problem[] = [];
  for (const value of splitList(raw)) {
    const parsed = protocol === "tls" ? parseNamed(known, value) : parsePublic(value);
    if (parsed.kind === "invalid") {
      problems.push({ where, value, problem: parsed.reason, hint: parsed.hint ?? TO_ROUTE, hosts: [value] });
      continue;
    }
    for (const name of parsed.value.names) {
      const host = streamName(name, protocol);
      const missing = notOffered(name, protocol, offered);
      const earlier = routes.get(host);
      if (missing) problems.push({ where, value, isValid: true, ...missing, hosts: [host] });
      else if (earlier === undefined) routes.set(host, { host, path: ROOT, port: parsed.value.port, protocol });
      else if (earlier.port !== parsed.value.port) {
        const problem = `${host} is already passed to port ${earlier.port}`;
        problems.push({ where, value, isValid: true, problem, hint: "remove one of the two" });
      }
    }
  }
  if (routes.size === 0 && problems.length === 0)
    problems.push({ where, value: raw, problem: "is an empty list", hint: TO_ROUTE });
  return { routes: [...routes.values()], problems };
}

/** Returns why the operator does not offer a port, and the setting that does. */
function notOffered(
  name: PortNumber | HostName,
  protocol: StreamProtocol,
  { ports, sni }: StreamPorts,
): Pick<Problem, "problem" | "hint"> | undefined {
  if (protocol === "tls") {
    if (sni !== undefined) return undefined;
    return { problem: "the operator offers no port for TLS by server name", hint: `set \`streams.sni\` ${SETTING}` };
  }
  const port = `${name}/${protocol}`;
  if (ports.includes(port)) return undefined;
  const others = ports.length === 0 ? "none" : ports.join(", ");
  const added = protocol === "tcp" ? name : `"${port}"`;
  const hint = `use another port, or add ${added} to \`streams.ports\` ${SETTING}`;
  return { problem: `the operator does not offer port ${port} (offered: ${others})`, hint };
}

function parsePublic(value: string): Parsed<Entry> {
  const [own = "", inside = own, ...more] = value.split(":");
  if (more.length > 0) return invalid("not PORT or PORT:CONTAINER-PORT, such as 5432 or 15432:5432");
  const [name, port] = [parsePort(own), parsePort(inside)];
  if (name.kind === "invalid") return name;
  return port.kind === "invalid" ? port : ok({ names: [name.value], port: port.value });
}

function parseNamed(known: InventoryContainer, value: string): Parsed<Entry> {
  const [, name = value, digits] = /^([^:]*):([^:]*)$/.exec(value) ?? [];
  const names = parseHostEntry(name);
  if (names.kind === "invalid") return names;
  if (names.value.some((host) => /^[0-9.]+$|^\[/.test(host))) {
    return { ...invalid("an address is not a server name of TLS"), hint: "write a DNS name" };
  }
  const exposed = exposedTcp(known);
  if (digits === undefined) {
    if (exposed.length === 1) return ok({ names: names.value, port: exposed[0]! });
    const reason = `the container exposes ${exposed.length === 0 ? "no TCP port" : "several TCP ports"}, and none is named`;
    return { ...invalid(reason), hint: `write ${names.value[0]!}:PORT` };
  }
  const port = parsePort(digits);
  return port.kind === "invalid" ? port : ok({ names: names.value, port: port.value });
}
