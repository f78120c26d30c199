import { isIPv4, isIPv6 } from "node:net";
import { constants } from "node:os";
import * as z from "zod";
import { type Container, MAX_NETWORKS, MAX_PORTS, MAX_PUBLISHED, type Port } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import { fullId, imageId, orElse, strings, text, variables } from "./engine-response.ts";

const PortRow = z.object({ IP: text, PrivatePort: z.number(), PublicPort: z.number().nullish(), Type: text });
type PortRow = z.infer<typeof PortRow>;

const state = text.transform(stateOf);
const health = text.transform(healthOf);
const number = orElse(z.number(), 0);
const networkSettings = {
  Networks: orElse(
    z.record(z.string(), z.object({ IPAddress: text, GlobalIPv6Address: text }).nullish()),
    {},
  ).transform(attachmentsOf),
};

/** `joins`: the id of the container whose network is used. */
const hostConfig = {
  NetworkMode: text.transform((mode): Pick<Container, "joins"> => {
    const [, joins] = /^container:([0-9a-f]{64})$/.exec(mode) ?? [];
    return joins === undefined ? {} : { joins };
  }),
};

/** One container as `GET /containers/<id>/json` reports it. Its environment contains the secrets that the agent must not disclose. */
export const Inspected = z
  .object({
    Id: fullId,
    Name: z.string(),
    Image: imageId,
    Created: z.string(),
    State: z.object({ Status: state, StartedAt: text, Health: z.object({ Status: health }).nullish() }),
    Config: z.object({
      Image: text,
      Env: variables,
      Labels: strings,
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      StopSignal: text,
      StopTimeout: z.number().nullish(),
      Healthcheck: z.object({ Interval: number, StartPeriod: number, StartInterval: number }).nullish(),
    }),
    HostConfig: z.object({ ...hostConfig, RestartPolicy: z.object({ Name: text }).nullish() }).nullish(),
    NetworkSettings: z.object({
      ...networkSettings,
      Ports: z.record(z.string(), z.array(z.object({ HostIp: text, HostPort: text })).nullish()).nullish(),
    }),
  })
  .transform(({ Id, State, Config, NetworkSettings, HostConfig, ...inspected }) => {
    const startedAt = instant(Date.parse(State.StartedAt));
    return {
      id: Id,
      name: safeName(inspected.Name, Id),
      state: State.Status,
      // Docker keeps the last health of a stopped container; it is meaningless.
      health: ["running", "paused"].includes(State.Status) ? (State.Health?.Status ?? "none") : "none",
      createdAt: instant(Date.parse(inspected.Created)) || 0,
      /** Milliseconds since the epoch, or NaN. */
      startedAt,
      image: Config.Image,
      imageId: inspected.Image,
      networks: NetworkSettings.Networks,
      ...HostConfig?.NetworkMode,
      ...portsOf(portRows(Config.ExposedPorts, NetworkSettings.Ports)),
      ...(State.Health && Number.isFinite(startedAt) && { healthCheck: checkOf(Config.Healthcheck, startedAt) }),
      env: Object.fromEntries(Config.Env),
      labels: Config.Labels,
      /** Number of the stop signal, and milliseconds between it and SIGKILL. */
      stopSignal: signalNumber(Config.StopSignal),
      stopMs: (Config.StopTimeout ?? 10) * 1_000,
      /** Whether Docker may start it again after it exited. */
      restarts: !["", "no"].includes(HostConfig?.RestartPolicy?.Name ?? ""),
      /** Number of labels that were not kept. */
      otherLabels: 0,
      /** Only the id, and the name if possible, could be read. */
      isPart: false,
    };
  });

/** One container as Docker reports it, before the policy is applied. */
export type Observed = Readonly<z.infer<typeof Inspected>> & Pick<Container, "task">;

/** One entry of `GET /containers/json`: no environment, and Docker's defaults for fields that the list does not contain. */
export const ListEntry = z
  .object({
    Id: fullId,
    Names: z.array(z.string()).nullish(),
    Image: text,
    ImageID: imageId,
    Created: z.number(),
    State: state,
    // The list contains the health only at the end of a text: `Up 3 minutes (health: starting)`.
    Status: text.transform((status) => healthOf(/\((?:health: )?([a-z]+)\)$/.exec(status)?.[1])),
    Labels: strings,
    Ports: orElse(z.array(PortRow), []),
    HostConfig: z.object(hostConfig).nullish(),
    NetworkSettings: z.object(networkSettings).nullish(),
    isPart: z.literal(true).optional(),
  })
  .transform(({ Id, Names, ...entry }): Observed => ({
    id: Id,
    name: safeName(Names?.[0] ?? "", Id),
    state: entry.State,
    health: entry.Status,
    createdAt: instant(entry.Created * 1_000) || 0,
    startedAt: Number.NaN,
    image: entry.Image,
    imageId: entry.ImageID,
    networks: entry.NetworkSettings?.Networks ?? [],
    ...entry.HostConfig?.NetworkMode,
    ...portsOf(entry.Ports),
    env: {},
    labels: entry.Labels,
    stopSignal: signalNumber(""),
    stopMs: 10_000,
    restarts: false,
    otherLabels: 0,
    isPart: entry.isPart === true,
  }));

/** An entry with an unexpected format, or one that is too large. The container exists, and can be inspected. */
export const UnreadableEntry = z
  .object({ Id: fullId })
  .transform(({ Id }) => ListEntry.parse({ Id, Created: 0, isPart: true }));

/** Drops the labels that are not needed, and counts them. */
export function withLabels(observed: Observed, keeps: (name: string) => boolean): Observed {
  const all = Object.entries(observed.labels);
  const kept = all.filter(([name]) => keeps(name));
  return { ...observed, labels: Object.fromEntries(kept), otherLabels: all.length - kept.length };
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

function stateOf(status: string): Container["state"] {
  if (status === "stopped") return "exited"; // Podman
  const states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;
  return states.find((state) => state === status) ?? "unknown";
}

/** Sorts networks by name and keeps valid addresses. `sanitize` checks the names. */
function attachmentsOf(
  networks: Readonly<Record<string, { IPAddress: string; GlobalIPv6Address: string } | null | undefined>>,
): Container["networks"] {
  return Object.entries(networks)
    .map(([name, network]) => {
      const { IPAddress: ipv4 = "", GlobalIPv6Address: ipv6 = "" } = network ?? {};
      return { name, ...(isIPv4(ipv4) && { ipv4 }), ...(isIPv6(ipv6) && { ipv6 }) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NETWORKS);
}

type Check = Readonly<Record<"Interval" | "StartPeriod" | "StartInterval", number>>;

/** Docker checks every 30 seconds by default. With a start period it can check more often during it. Docker's numbers are nanoseconds. */
function checkOf(check: Check | null | undefined, startedAt: number): NonNullable<Container["healthCheck"]> {
  const { Interval = 0, StartPeriod = 0, StartInterval = 0 } = check ?? {};
  const everyMs = Math.trunc(Interval / 1e6) || 30_000;
  return { everyMs, firstAt: startedAt + ((StartPeriod > 0 && Math.trunc(StartInterval / 1e6)) || everyMs) };
}

type Bindings = Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null | undefined>>;

/** Converts exposed and published ports to the rows of the list format. */
function portRows(exposed: object | null | undefined, bound: Bindings | null | undefined): PortRow[] {
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
function portsOf(rows: readonly PortRow[]): Pick<Container, "ports" | "unlistedPorts"> {
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

export function isPort(value: number | null | undefined): value is number {
  return Number.isInteger(value) && value! >= 1 && value! <= 65_535;
}

function instant(ms: number): number {
  return Number.isFinite(ms) ? Math.trunc(ms) : Number.NaN;
}

/** Returns the signal number that Docker uses in events: `SIGQUIT`, `QUIT` and `3` give 3. */
function signalNumber(name: string): number {
  if (/^[0-9]{1,2}$/.test(name)) return Number(name);
  const realtime = /^(?:SIG)?RTMIN\+([0-9]{1,2})$/.exec(name);
  if (realtime) return 34 + Number(realtime[1]);
  const known: Record<string, number> = constants.signals;
  return known[name.startsWith("SIG") ? name : `SIG${name}`] ?? constants.signals.SIGTERM;
}
