import { isIPv4, isIPv6 } from "node:net";
import { constants } from "node:os";
import { type Container, MAX_NETWORKS, MAX_PORTS, MAX_PUBLISHED, type Port } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import type { Inspected, Listed, PortRow } from "./inspected.ts";

/** What Docker says of one container, however it was asked: everything, still undisclosed. */
export interface Observed extends Pick<
  Container,
  "id" | "name" | "state" | "health" | "createdAt" | "networks" | "ports" | "env" | "labels"
> {
  /** Milliseconds since the epoch, or NaN. */
  readonly startedAt: number;
  readonly image: string;
  /** Number of the signal that announces its end, and milliseconds Docker waits then before it kills. */
  readonly stopSignal: number;
  readonly stopMs: number;
}

/** From an answer to inspect: all of it. */
export function fromInspected({ Id, Name, Created, State, Config, NetworkSettings }: Inspected): Observed {
  const state = stateOf(State.Status);
  return {
    id: Id,
    name: safeName(Name, Id),
    state,
    // One that is not alive keeps its last health in Docker's answer; it means nothing any more.
    health: state === "running" || state === "paused" ? healthOf(State.Health?.Status) : "none",
    createdAt: instant(Date.parse(Created)) || 0,
    startedAt: instant(Date.parse(State.StartedAt)),
    image: Config.Image,
    networks: attachmentsOf(NetworkSettings.Networks),
    ports: portsOf(portRows(Config.ExposedPorts, NetworkSettings.Ports)),
    env: Object.fromEntries((Config.Env ?? []).map(splitVariable)),
    labels: Config.Labels,
    stopSignal: signalNumber(Config.StopSignal),
    stopMs: (Config.StopTimeout ?? 10) * 1_000,
  };
}

/** From an entry of the list: without environment, and Docker's defaults for what it does not show. */
export function fromListed({ Id, Names, State, Status, Created, Image, Labels, ...entry }: Listed): Observed {
  return {
    id: Id,
    name: safeName(Names?.[0] ?? "", Id),
    state: stateOf(State),
    // The list has the health only as the end of a sentence: `Up 3 minutes (health: starting)`.
    health: healthOf(/\((?:health: )?([a-z]+)\)$/.exec(Status)?.[1]),
    createdAt: instant(Created * 1_000) || 0,
    startedAt: Number.NaN,
    image: Image,
    networks: attachmentsOf(entry.NetworkSettings?.Networks),
    ports: portsOf(entry.Ports ?? []),
    env: {},
    labels: Labels,
    stopSignal: signalNumber(""),
    stopMs: 10_000,
  };
}

/** The name without Docker's slash; one that may not be told is replaced by the short id. */
export function safeName(raw: string, id: string): string {
  const name = raw.replace(/^\//, "");
  return name !== "" && textFault(name, 256) === undefined && !/[\t\n]/.test(name) ? name : id.slice(0, 12);
}

/** Docker's word for the health; without a health check it is `none`, "" or absent. */
export function healthOf(word: string | undefined): Container["health"] {
  return word === "starting" || word === "healthy" || word === "unhealthy" ? word : "none";
}

const states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;

function stateOf(word: string): Container["state"] {
  if (word === "stopped") return "exited"; // Podman
  return states.find((state) => state === word) ?? "unknown";
}

/** By name, with what is an address. The name is Docker's, its text is checked with the policy. */
function attachmentsOf(networks: Inspected["NetworkSettings"]["Networks"]): Container["networks"] {
  return Object.entries(networks ?? {})
    .map(([name, network]) => {
      const { IPAddress: ipv4 = "", GlobalIPv6Address: ipv6 = "" } = network ?? {};
      return { name, ...(isIPv4(ipv4) && { ipv4 }), ...(isIPv6(ipv6) && { ipv6 }) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NETWORKS);
}

/** What the image or the operator exposes, and where it is published, as the list has it: row by row. */
function portRows(
  exposed: Inspected["Config"]["ExposedPorts"],
  bound: Inspected["NetworkSettings"]["Ports"],
): PortRow[] {
  return Object.keys({ ...exposed, ...bound }).flatMap((name) => {
    const [port, Type = ""] = name.split("/");
    const row = { PrivatePort: Number(port), Type };
    const published = (bound?.[name] ?? []).map(({ HostIp, HostPort }) => ({
      ...row,
      IP: HostIp,
      PublicPort: Number(HostPort),
    }));
    return [{ ...row, IP: "", PublicPort: 0 }, ...published];
  });
}

/** Rows with the same port and protocol are one port, sorted. What is no port number is left out. */
function portsOf(rows: readonly PortRow[]): Port[] {
  const byName = new Map<string, Port>();
  for (const { IP: ip, PrivatePort: port, PublicPort: publicPort, Type } of rows) {
    const proto = (["tcp", "udp", "sctp"] as const).find((name) => name === (Type || "tcp"));
    if (!proto || !isPort(port)) continue;
    const published = byName.get(`${port}/${proto}`)?.published ?? [];
    if (isPort(publicPort) && published.length < MAX_PUBLISHED)
      published.push({ ip: isIPv4(ip) || isIPv6(ip) ? ip : "0.0.0.0", port: publicPort });
    byName.set(`${port}/${proto}`, { port, proto, ...(published.length > 0 && { published }) });
  }
  return [...byName.values()].toSorted((a, b) => a.port - b.port || (a.proto < b.proto ? -1 : 1)).slice(0, MAX_PORTS);
}

function isPort(value: number | null | undefined): value is number {
  return Number.isInteger(value) && value! >= 1 && value! <= 65_535;
}

function instant(ms: number): number {
  return Number.isFinite(ms) ? Math.trunc(ms) : Number.NaN;
}

function splitVariable(line: string): [string, string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

/** The number of a stop signal as Docker prints it in events: `SIGQUIT`, `QUIT` or `3` are 3. */
function signalNumber(name: string): number {
  if (/^[0-9]{1,2}$/.test(name)) return Number(name);
  const realtime = /^(?:SIG)?RTMIN\+([0-9]{1,2})$/.exec(name);
  if (realtime) return 34 + Number(realtime[1]);
  const known: Record<string, number> = constants.signals;
  return known[name.startsWith("SIG") ? name : `SIG${name}`] ?? constants.signals.SIGTERM;
}
