import type { HostOptions } from "../routes/options.ts";
import { contestedPorts, PORT_USES, type PortUse } from "../routes/contested-ports.ts";
import type { VirtualHost } from "../routes/routes.ts";
import { authStates } from "./auth.ts";
import { excessRates } from "./path-policies.ts";
import type { NginxSettings } from "./settings.ts";

const cache = new WeakMap<NginxSettings, readonly [key: string, settings: NginxSettings]>();

/**
 * Adds what depends on all hosts together to the operator's settings: contested ports, excess rates, and the states of
 * services that decide on requests. Returns the same object as long as nothing changes: the text of a host is cached by
 * its settings.
 */
export function nginxSettingsFor(hosts: readonly VirtualHost[], settings: NginxSettings): NginxSettings {
  const contested = usesOf(hosts, settings);
  const rates = excessRates(hosts, settings);
  const states = authStates(hosts, settings);
  if (contested.size === 0 && rates.length === 0 && states.size === 0) return settings;
  const key = JSON.stringify([[...contested], rates, [...states]]);
  const [cachedKey, cached] = cache.get(settings) ?? [];
  if (cachedKey === key && cached) return cached;
  const made = { ...settings, contested, excessRates: rates, authStates: states };
  cache.set(settings, [key, made]);
  return made;
}

/** The use of each port that hosts request for both; no host gets that of the status page. */
function usesOf(hosts: readonly VirtualHost[], { statusPage }: NginxSettings): Map<number, PortUse | "none"> {
  const uses = contestedPorts(hosts).map(({ port, use }) => [port, use] as const);
  return new Map<number, PortUse | "none">(statusPage ? [...uses, [statusPage.listen, "none"]] : uses);
}

export function isUsableFor(port: number, use: PortUse, { contested }: NginxSettings): boolean {
  return (contested?.get(port) ?? use) === use;
}

/** Removes the ports that this host does not get. */
export function withoutContested(options: HostOptions, settings: NginxSettings): HostOptions {
  const lost = PORT_USES.filter((use) => options[use] !== undefined && !isUsableFor(options[use], use, settings));
  return lost.length === 0 ? options : { ...options, ...Object.fromEntries(lost.map((use) => [use, undefined])) };
}
