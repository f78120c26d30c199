import type { ContainerName, HostName, IpAddress, PortNumber } from "./grammar.ts";
import type { HostOptions } from "./options.ts";
import { type PathText, ROOT } from "./path-match.ts";
import type { PathRoute, Routes, UpstreamServer, VirtualHost } from "./routes.ts";

/**
 * Routes that use every feature once: all kinds of paths and replicas, a wildcard without replicas, a redirect.
 * Rendering them at start shows whether a template will render later routes.
 */
export const EXAMPLE_ROUTES: Routes = {
  kind: "routes",
  virtualHosts: [
    exampleHost("*.example.org", [{ path: ROOT, protocol: "http", options: {}, servers: [] }]),
    { ...exampleHost("example.org", []), redirectTo: "www.example.org" as HostName },
    exampleHost("www.example.org", examplePaths(), {
      hsts: "max-age=31536000",
      sslPolicy: "Mozilla-Intermediate",
      verifyClient: "on",
      nonGetRedirect: 308,
      serverTokens: "off",
      http2: true,
      debugEndpoint: true,
    }),
  ],
  reserved: ["gone.example.org" as HostName],
  unrouted: [],
  quarantined: [],
  remarks: [],
};

/** The same for streams. */
export const EXAMPLE_STREAMS: Routes = {
  kind: "routes",
  virtualHosts: ["5432/tcp", "53/udp", "www.example.org/tls"].map((host) =>
    exampleHost(host, [
      { path: ROOT, protocol: "tcp", options: { balance: "least-conn" }, servers: [exampleServer("192.0.2.1")] },
    ]),
  ),
  reserved: ["gone.example.org" as HostName],
  unrouted: [],
  quarantined: [],
  remarks: [],
};

function exampleHost(host: string, paths: readonly PathRoute[], options: HostOptions = {}): VirtualHost {
  return { host: host as HostName, paths, options };
}

function examplePaths(): PathRoute[] {
  const servers = [exampleServer("192.0.2.1"), { ...exampleServer("2001:db8::1"), weight: 2, backup: true }];
  const path = (kind: "" | "~" | "=", text: string) => ({ kind, text: text as PathText });
  return [
    { path: ROOT, protocol: "http", options: { balance: "least-conn", keepalive: 0 }, servers },
    {
      path: path("", "/api/"),
      protocol: "https",
      destination: "/" as PathText,
      options: { timeout: 60, bodySize: 1 },
      servers,
    },
    { path: path("", "/fcgi"), protocol: "fastcgi", options: { access: "internal" }, servers },
    { path: path("", "/grpc"), protocol: "grpcs", options: {}, servers },
    { path: path("~", "^/uwsgi$"), protocol: "uwsgi", options: {}, servers },
  ];
}

function exampleServer(address: string): UpstreamServer {
  return { address: address as IpAddress, port: 8080 as PortNumber, container: "example" as ContainerName };
}
