import type { ContainerName, HostName, IpAddress, PortNumber } from "./grammar.ts";
import type { Routes, VirtualHost } from "./routes.ts";
import type { Server } from "./server.ts";

/**
 * Routes with one of everything: a host with an IPv4 and an IPv6 replica, and a wildcard nobody serves.
 * A template that prints these at start will print what comes later.
 */
export const EXAMPLE_ROUTES: Routes = {
  kind: "routes",
  virtualHosts: [
    exampleHost("*.example.org", []),
    exampleHost("www.example.org", [exampleServer("192.0.2.1"), exampleServer("2001:db8::1")]),
  ],
  unrouted: [],
  quarantined: [],
  remarks: [],
};

function exampleHost(host: string, servers: readonly Server[]): VirtualHost {
  return { host: host as HostName, paths: [{ path: "/", protocol: "http", servers }], https: {} };
}

function exampleServer(address: string): Server {
  return { address: address as IpAddress, port: 8080 as PortNumber, container: "example" as ContainerName };
}
