import { timestamp } from "./clock.ts";
import type { Container } from "./container.ts";
import type { Network } from "./network.ts";

/** One network, as returned by `GET /networks` and, with its `members`, by `GET /networks/<id>`. */
export function networkAnswer(network: Network, members: Iterable<Container>): Record<string, unknown> {
  const { name, options, driver } = network;
  const Config = network.hasAddresses ? [{ Subnet: `${network.subnet}/16`, Gateway: network.gateway }] : [];
  return {
    Name: name,
    Id: network.id,
    Created: timestamp(network.createdAt),
    Scope: options.scope ?? "local",
    Driver: driver,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config },
    Internal: options.internal ?? false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: membersAnswer(name, members),
    Options: {},
    Labels: options.labels ?? {},
  };
}

/** Only running containers have an endpoint. */
function membersAnswer(networkName: string, members: Iterable<Container>): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const container of members) {
    const endpoint = container.attachments.get(networkName)?.endpoint;
    if (endpoint === undefined) continue;
    const { id: EndpointID, mac: MacAddress, address } = endpoint;
    const IPv4Address = address && `${address}/16`;
    entries.push([container.id, { Name: container.name, EndpointID, MacAddress, IPv4Address, IPv6Address: "" }]);
  }
  return Object.fromEntries(entries);
}
