import { isIPv4, isIPv6 } from "node:net";
import { constants } from "node:os";
import * as z from "zod";
import {
  type Attachment,
  type Container,
  MAX_NETWORKS,
  MAX_PORTS,
  MAX_PUBLISHED,
  type Port,
} from "../shared/snapshot.ts";
import { isContainerId } from "./gate.ts";

// What is read of Docker's answers. Unknown keys are dropped while parsing, so nothing else is held.

const strings = z.record(z.string(), z.string().catch("")).nullish();

const Networks = z
  .record(z.string(), z.object({ IPAddress: z.string().nullish(), GlobalIPv6Address: z.string().nullish() }).nullish())
  .nullish();

const id = z.string().refine(isContainerId);

/** `GET /containers/json`, one entry. It has no environment. */
export const Listed = z.object({
  Id: id,
  Names: z.array(z.string()).nullish(),
  Image: z.string().nullish(),
  Created: z.number(),
  State: z.string().nullish(),
  Status: z.string().nullish(),
  Labels: strings,
  Ports: z
    .array(
      z.object({
        IP: z.string().nullish(),
        PrivatePort: z.number(),
        PublicPort: z.number().nullish(),
        Type: z.string().nullish(),
      }),
    )
    .nullish(),
  NetworkSettings: z.object({ Networks }).nullish(),
});
export type Listed = z.infer<typeof Listed>;

/** `GET /containers/<id>/json`. The environment in it is the secret the agent exists to keep. */
export const Inspected = z.object({
  Id: id,
  Name: z.string(),
  Created: z.string(),
  State: z.object({
    Status: z.string().nullish(),
    StartedAt: z.string().nullish(),
    Health: z.object({ Status: z.string().nullish() }).nullish(),
  }),
  Config: z.object({
    Image: z.string().nullish(),
    Env: z.array(z.string()).nullish(),
    Labels: strings,
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    StopSignal: z.string().nullish(),
    StopTimeout: z.number().nullish(),
  }),
  NetworkSettings: z.object({
    Networks,
    Ports: z
      .record(z.string(), z.array(z.object({ HostIp: z.string().nullish(), HostPort: z.string().nullish() })).nullish())
      .nullish(),
  }),
});
export type Inspected = z.infer<typeof Inspected>;

/** `GET /version`. */
export const EngineVersion = z.object({ ApiVersion: z.string(), MinAPIVersion: z.string().nullish() });

/** Docker copies labels over its own attributes, so any of them may be replaced by the container. */
const attribute = (length: number) => z.string().max(length).optional().catch(undefined);

/** One line of `GET /events`; the other attributes (all labels among them) are dropped unread. */
export const EngineEvent = z.object({
  Type: z.enum(["container", "network"]),
  Action: z.string().max(64),
  Actor: z.object({
    ID: z.string().max(128),
    Attributes: z
      .object({ container: attribute(64), signal: attribute(16), name: attribute(256), network: attribute(256) })
      .nullish(),
  }),
});
export type EngineEvent = z.infer<typeof EngineEvent>;

const states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;

/** Docker's word for the state, or `unknown`. */
export function stateOf(word: string | null | undefined): Container["state"] {
  if (word === "stopped") return "exited"; // Podman
  return states.find((state) => state === word) ?? "unknown";
}

/** Docker's word for the health; without a health check it is `none`, "" or absent. */
export function healthOf(word: string | null | undefined): Container["health"] {
  return word === "starting" || word === "healthy" || word === "unhealthy" ? word : "none";
}

/** The list has the health only as the end of a sentence: `Up 3 minutes (health: starting)`. */
export function healthOfStatus(status: string | null | undefined): Container["health"] {
  const inBrackets = /\((?:health: )?([a-z]+)\)$/.exec(status ?? "");
  return healthOf(inBrackets?.[1]);
}

/** Networks with their addresses, by name. The name is Docker's, its text is checked by the policy. */
export function attachmentsOf(networks: z.infer<typeof Networks>): Attachment[] {
  return Object.entries(networks ?? {})
    .map(([name, network]) => {
      const ipv4 = network?.IPAddress ?? "";
      const ipv6 = network?.GlobalIPv6Address ?? "";
      return { name, ...(isIPv4(ipv4) && { ipv4 }), ...(isIPv6(ipv6) && { ipv6 }) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NETWORKS);
}

/** Ports the image or the operator exposes, and where they are published, by number and protocol. */
export function portsOf(inspected: Inspected): Port[] {
  const bindings = inspected.NetworkSettings.Ports ?? {};
  const names = new Set([...Object.keys(inspected.Config.ExposedPorts ?? {}), ...Object.keys(bindings)]);
  return sortPorts(
    [...names].flatMap((name) => {
      const [number, proto] = name.split("/");
      const port = parsePort(Number(number), proto);
      if (!port) return [];
      const published = (bindings[name] ?? []).flatMap((binding) =>
        publishedAt(binding.HostIp, Number(binding.HostPort)),
      );
      return [withPublished(port, published)];
    }),
  );
}

/** The same from an entry of the list, which has one row per published address. */
export function listedPortsOf(listed: Listed): Port[] {
  const byName = new Map<string, Port>();
  for (const row of listed.Ports ?? []) {
    const port = parsePort(row.PrivatePort, row.Type);
    if (!port) continue;
    const name = `${port.port}/${port.proto}`;
    const published = [...(byName.get(name)?.published ?? []), ...publishedAt(row.IP, row.PublicPort ?? 0)];
    byName.set(name, withPublished(port, published));
  }
  return sortPorts([...byName.values()]);
}

function parsePort(port: number, proto: string | null | undefined): Port | undefined {
  const known = (["tcp", "udp", "sctp"] as const).find((name) => name === (proto ?? "tcp"));
  return known && Number.isInteger(port) && port >= 1 && port <= 65_535 ? { port, proto: known } : undefined;
}

function withPublished(port: Port, published: NonNullable<Port["published"]>): Port {
  return published.length > 0 ? { ...port, published: published.slice(0, MAX_PUBLISHED) } : port;
}

function publishedAt(ip: string | null | undefined, port: number): { ip: string; port: number }[] {
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65_535;
  return isPort ? [{ ip: isIPv4(ip ?? "") || isIPv6(ip ?? "") ? ip! : "0.0.0.0", port }] : [];
}

function sortPorts(ports: Port[]): Port[] {
  return ports.toSorted((a, b) => a.port - b.port || (a.proto < b.proto ? -1 : 1)).slice(0, MAX_PORTS);
}

/** The number of a stop signal as Docker prints it in events: `SIGQUIT`, `QUIT` or `3` are 3. */
export function signalNumber(name: string | null | undefined): number {
  if (!name) return constants.signals.SIGTERM;
  if (/^[0-9]{1,2}$/.test(name)) return Number(name);
  const realtime = /^(?:SIG)?RTMIN\+([0-9]{1,2})$/.exec(name);
  if (realtime) return 34 + Number(realtime[1]);
  const full = name.startsWith("SIG") ? name : `SIG${name}`;
  return (constants.signals as Record<string, number>)[full] ?? constants.signals.SIGTERM;
}
