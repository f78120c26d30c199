import { isIPv4, isIPv6 } from "node:net";
import { constants } from "node:os";
import { type Container, MAX_NETWORKS, MAX_PORTS, MAX_PUBLISHED, type Port } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import type { Inspected, ListEntry, PortRow } from "./inspected.ts";

/** One container as Docker reports it, before the policy is applied. */
export interface Observed extends Omit<
  Container,
  | "stopping"
  | "stoppingUntil"
  | "stale"
  | "problem"
  | "unread"
  | "startedAt"
  | "image"
  | "fromImage"
  | "withheld"
  | "refused"
> {
  /** Milliseconds since the epoch, or NaN. */
  readonly startedAt: number;
  readonly image: string;
  readonly imageId: string;
  /** Number of the stop signal, and milliseconds between it and SIGKILL. */
  readonly stopSignal: number;
  readonly stopMs: number;
  /** Whether Docker may start it again after it exited. */
  readonly restarts: boolean;
  /** Number of labels that were not kept. */
  readonly otherLabels: number;
  /** Only the id, and the name if possible, could be read. */
  readonly isPart: boolean;
}

/** Converts a response to inspect. */
export function fromInspected({ Id, Image, Name, Created, State, Config, ...inspected }: Inspected): Observed {
  const { NetworkSettings, HostConfig } = inspected;
  const state = stateOf(State.Status);
  const startedAt = instant(Date.parse(State.StartedAt));
  return {
    id: Id,
    name: safeName(Name, Id),
    state,
    // Docker keeps the last health of a stopped container; it is meaningless.
    health: state === "running" || state === "paused" ? healthOf(State.Health?.Status) : "none",
    createdAt: instant(Date.parse(Created)) || 0,
    startedAt,
    image: Config.Image,
    imageId: Image,
    networks: attachmentsOf(NetworkSettings.Networks),
    ...joined(HostConfig),
    ...portsOf(portRows(Config.ExposedPorts, NetworkSettings.Ports)),
    ...(State.Health && Number.isFinite(startedAt) && { healthCheck: checkOf(Config.Healthcheck, startedAt) }),
    env: Object.fromEntries((Config.Env ?? []).map(splitVariable)),
    labels: Config.Labels,
    stopSignal: signalNumber(Config.StopSignal),
    stopMs: (Config.StopTimeout ?? 10) * 1_000,
    restarts: !["", "no"].includes(HostConfig?.RestartPolicy?.Name ?? ""),
    otherLabels: 0,
    isPart: false,
  };
}

/** Converts a list entry: no environment, and Docker's defaults for fields that the list does not contain. */
export function fromListEntry(
  { Id, Names, State, Status, Created, Labels, ...entry }: ListEntry,
  keepsLabel: (name: string) => boolean,
): Observed {
  const all = Object.entries(Labels);
  const kept = all.filter(([name]) => keepsLabel(name));
  return {
    id: Id,
    name: safeName(Names?.[0] ?? "", Id),
    state: stateOf(State),
    // The list contains the health only at the end of a text: `Up 3 minutes (health: starting)`.
    health: healthOf(/\((?:health: )?([a-z]+)\)$/.exec(Status)?.[1]),
    createdAt: instant(Created * 1_000) || 0,
    startedAt: Number.NaN,
    image: entry.Image,
    imageId: entry.ImageID,
    networks: attachmentsOf(entry.NetworkSettings?.Networks),
    ...joined(entry.HostConfig),
    ...portsOf(entry.Ports ?? []),
    env: {},
    labels: Object.fromEntries(kept),
    stopSignal: signalNumber(""),
    stopMs: 10_000,
    restarts: false,
    otherLabels: all.length - kept.length,
    isPart: entry.isPart === true,
  };
}

/** Returns the name without Docker's slash. A name with forbidden characters is replaced by the short id. */
export function safeName(raw: string, id: string): string {
  const name = raw.replace(/^\//, "");
  return name !== "" && textFault(name, 256) === undefined && !/[\t\n]/.test(name) ? name : id.slice(0, 12);
}

/** Parses Docker's health status. Without a health check it is `none`, "" or missing. */
export function healthOf(status: string | undefined): Container["health"] {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";
}

const states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;

function stateOf(status: string): Container["state"] {
  if (status === "stopped") return "exited"; // Podman
  return states.find((state) => state === status) ?? "unknown";
}

/** Sorts networks by name and keeps valid addresses. `sanitize` checks the names. */
function attachmentsOf(networks: Inspected["NetworkSettings"]["Networks"]): Container["networks"] {
  return Object.entries(networks ?? {})
    .map(([name, network]) => {
      const { IPAddress: ipv4 = "", GlobalIPv6Address: ipv6 = "" } = network ?? {};
      return { name, ...(isIPv4(ipv4) && { ipv4 }), ...(isIPv6(ipv6) && { ipv6 }) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NETWORKS);
}

function joined(config: ListEntry["HostConfig"]): Pick<Observed, "joins"> {
  return config?.NetworkMode ? { joins: config.NetworkMode } : {};
}

/** Docker checks every 30 seconds by default. With a start period it can check more often during it. */
function checkOf(check: Inspected["Config"]["Healthcheck"], startedAt: number): Observed["healthCheck"] {
  const { Interval = 0, StartPeriod = 0, StartInterval = 0 } = check ?? {};
  const everyMs = Math.trunc(Interval / 1e6) || 30_000;
  return { everyMs, firstAt: startedAt + ((StartPeriod > 0 && Math.trunc(StartInterval / 1e6)) || everyMs) };
}

/** Converts exposed and published ports to the rows of the list format. */
function portRows(
  exposed: Inspected["Config"]["ExposedPorts"],
  bound: Inspected["NetworkSettings"]["Ports"],
): PortRow[] {
  const rowOf = (name: string): PortRow => {
    const [port, Type = ""] = name.split("/");
    return { IP: "", PrivatePort: Number(port), PublicPort: 0, Type };
  };
  const published = Object.entries(bound ?? {}).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ HostIp, HostPort }) => ({ ...rowOf(name), IP: HostIp, PublicPort: Number(HostPort) })),
  );
  return [...Object.keys({ ...exposed, ...bound }).map(rowOf), ...published];
}

/** Merges rows with the same port and protocol, sorted. Rows with invalid port numbers are skipped. */
function portsOf(rows: readonly PortRow[]): Pick<Observed, "ports" | "unlistedPorts"> {
  const byName = new Map<string, Port>();
  for (const { IP: ip, PrivatePort: port, PublicPort: publicPort, Type } of rows) {
    const proto = (["tcp", "udp", "sctp"] as const).find((name) => name === (Type || "tcp"));
    if (!proto || !isPort(port)) continue;
    const published = byName.get(`${port}/${proto}`)?.published ?? [];
    if (isPort(publicPort) && published.length < MAX_PUBLISHED)
      published.push({ ip: isIPv4(ip) || isIPv6(ip) ? ip : "0.0.0.0", port: publicPort });
    byName.set(`${port}/${proto}`, { port, proto, ...(published.length > 0 && { published }) });
  }
  const all = [...byName.values()].toSorted((a, b) => a.port - b.port || (a.proto < b.proto ? -1 : 1));
  if (all.length <= MAX_PORTS) return { ports: all };
  const byUse = all.toSorted((a, b) => Number(b.proto === "tcp") - Number(a.proto === "tcp"));
  return { ports: byUse.slice(0, MAX_PORTS), unlistedPorts: all.length - MAX_PORTS };
}

function isPort(value: number | null | undefined): value is number {
  return Number.isInteger(value) && value! >= 1 && value! <= 65_535;
}

function instant(ms: number): number {
  return Number.isFinite(ms) ? Math.trunc(ms) : Number.NaN;
}

export function splitVariable(line: string): [string, string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

/** Returns the signal number that Docker uses in events: `SIGQUIT`, `QUIT` and `3` give 3. */
function signalNumber(name: string): number {
  if (/^[0-9]{1,2}$/.test(name)) return Number(name);
  const realtime = /^(?:SIG)?RTMIN\+([0-9]{1,2})$/.exec(name);
  if (realtime) return 34 + Number(realtime[1]);
  const known: Record<string, number> = constants.signals;
  return known[name.startsWith("SIG") ? name : `SIG${name}`] ?? constants.signals.SIGTERM;
}
