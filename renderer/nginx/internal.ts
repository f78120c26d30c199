import type { NginxSettings } from "./settings.ts";

/** Who may reach what is internal when the operator does not say. */
const PRIVATE_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"];

/** Networks (CIDR) from which internal paths and debug endpoints are reached. */
export function internalNetworksOf({ internalNetworks }: NginxSettings): readonly string[] {
  return internalNetworks ?? PRIVATE_NETWORKS;
}
