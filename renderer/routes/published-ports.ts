import { isIPv4 } from "node:net";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { diagnostic, type Diagnostic, subjectOf } from "./diagnostic.ts";
import { type IpAddress, parsePort, type PortNumber } from "./grammar.ts";

/** Docker's name for the network of the Docker host itself. */
export const HOST_NETWORK = "host";

/** Docker's addresses of a port that is published on every address of the host. */
const EVERY_ADDRESS = ["0.0.0.0", "::"];

/**
 * Returns the ports at which a container of another Docker host can be reached at the address of that host, in the order
 * of the ports inside the container; or why one of them cannot be reached.
 */
export function publishedPorts(
  known: InventoryContainer,
  address: IpAddress,
  ports: readonly PortNumber[],
  protocols: readonly ("tcp" | "udp")[] = [],
): readonly PortNumber[] | Diagnostic {
  const { container, dockerHost } = known;
  if (container.networks.some(({ name }) => name === HOST_NETWORK)) return ports;
  const found: PortNumber[] = [];
  for (const [index, port] of ports.entries()) {
    const protocol = protocols[index] ?? "tcp";
    const published = container.ports.find((one) => one.proto === protocol && one.port === port)?.published ?? [];
    const usable = published.find(({ ip }) => EVERY_ADDRESS.includes(ip) || ip === String(address));
    const parsed = usable && parsePort(String(usable.port));
    if (parsed?.kind === "ok") {
      found.push(parsed.value);
      continue;
    }
    const elsewhere = published.map(({ ip }) => ip);
    const where = elsewhere.length === 0 ? "not published" : `published on ${elsewhere.join(", ")} only`;
    const shown = isIPv4(address) ? address : `[${address}]`;
    return diagnostic(subjectOf(known), "port.unpublished", {
      problem: `port ${port} is ${where}, and nginx reaches containers on ${dockerHost} at ${address}`,
      hint: `publish it there, such as \`ports: ["${shown}:8080:${port}${protocol === "udp" ? "/udp" : ""}"]\``,
    });
  }
  return found;
}
