import { type Attachment, type Container, exposedPorts, isAlive, portName } from "./container.ts";
import type { Release } from "./release.ts";

/** `NetworkSettings.Networks` of list and inspect. */
export function networksAnswer(container: Container, release: Release, withNames: boolean): Record<string, unknown> {
  const names = [...container.attachments.keys()].toSorted();
  return Object.fromEntries(
    names.map((name) => {
      const attachment = container.attachments.get(name) as Attachment;
      return [name, endpointAnswer(container, attachment, release, withNames)];
    }),
  );
}

/** Ports of a running container by name; null for a port that is not published. */
export function portsAnswer(container: Container): Record<string, { HostIp: string; HostPort: string }[] | null> {
  if (!isAlive(container) || !hasOwnNetwork(container)) return {};
  const published = container.options.publish ?? [];
  return Object.fromEntries(
    exposedPorts(container.options).map((name) => {
      const bindings = published
        .filter((port) => portName(port.container) === name)
        .map(({ ip = "0.0.0.0", host }) => ({ HostIp: ip, HostPort: String(host) }));
      return [name, bindings.length === 0 ? null : bindings];
    }),
  );
}

/** Containers in network mode `host`, `none` or `container:<id>` report no ports. */
function hasOwnNetwork(container: Container): boolean {
  return [...container.attachments.values()].some(({ network }) => network.hasAddresses);
}

function endpointAnswer(container: Container, { network, endpoint }: Attachment, release: Release, withNames: boolean) {
  const address = endpoint?.address ?? "";
  const begun = container.startedAt !== undefined;
  const named = withNames && begun && network.hasAddresses && network.name !== "bridge";
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: named && !release.dnsNames ? [container.id.slice(0, 12)] : null,
    MacAddress: endpoint?.mac ?? "",
    NetworkID: begun ? network.id : "",
    EndpointID: endpoint?.id ?? "",
    Gateway: address === "" ? "" : network.gateway,
    IPAddress: address,
    IPPrefixLen: address === "" ? 0 : 16,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    DriverOpts: null,
    ...(release.dnsNames && { DNSNames: named ? [container.name, container.id.slice(0, 12)] : null }),
  };
}
