/** Valid configurations that together have every key of the schema. */

const agents = [{ socket: "/run/a.sock", host: "app-1", address: "192.0.2.7", staleAfter: "5m" }];
const predicate = {
  label: "tier=web",
  name: "web-*",
  network: "front",
  image: "nginx:*",
  project: ["shop", "blog"],
  service: "web",
  health: ["healthy", "none"],
  state: "running",
  exposes: [80, "53/udp"],
  publishes: "8000-8100/tcp",
  id: "0123456789ab",
};
const where = [{ ...predicate, not: predicate }];
const shared = {
  destination: "/out/a.conf",
  stateDirectory: "/state",
  mode: "0640",
  owner: "0:101",
  wait: "100ms:1s",
  interval: "1m",
  onFailure: "keep",
};

const host = {
  host: "nas.example.com",
  path: "/app",
  to: ["192.0.2.1:8080"],
  proto: "http",
  dest: "/",
  hostOptions: { hsts: "off" },
  pathOptions: { timeout: "5m" },
};

const nginxTarget = {
  template: "/t/nginx.conf.hbs",
  ...shared,
  containers: { onlyPublished: false, where },
  onlyExposed: true,
  listen: 8080,
  keepBlankLines: true,
  check: { command: ["nginx", "-t"], timeout: "10s" },
  reload: { channel: "/run/reload" },
  routing: {
    containersMay: ["regex"],
    maxRoutes: 2_000,
    hostRule: "{service}.example.com",
    sharedHosts: false,
    owners: [{ suffix: "example.com", projects: ["shop"] }],
    ownerLease: "24h",
    staleAfter: "1h",
    hostAddress: "192.0.2.1",
    preferIpv6: false,
    health: "started",
    grace: "30s",
    routes: [host],
  },
  nginx: {
    defaults: { hsts: "off" },
    pathDefaults: { timeout: "5m" },
    defaultHost: "www.example.com",
    unclaimedPath: 404,
    ipv6: true,
    proxyProtocol: false,
    upgrades: ["websocket"],
    connectionsPerAddress: 2_000,
    trustedProxies: ["10.0.0.0/8"],
    internalNetworks: ["10.0.0.0/8"],
    auth: {
      sso: { host: "auth.example.com", path: "/auth", signIn: "https://auth.example.com/", headers: ["X-User"] },
    },
    upstreamTls: {
      internal: { authority: "/ca.crt", name: "apps.internal", client: { certificate: "/c.crt", key: "/c.key" } },
    },
    resolvers: ["192.0.2.53"],
    accessLog: { file: "/var/log/nginx/a.log", format: { text: "$host", escape: "json" } },
    files: { vhosts: "/v", passwords: "/p", errors: "/e", proxy: "/x" },
    version: "1.26.0",
  },
  https: {
    certificates: "/certs",
    certificatesInNginx: "/c",
    listen: 8443,
    port: 443,
    challenges: "/acme",
    challengesForUnknown: false,
    http3: false,
    hstsSeconds: 0,
    acme: { directory: "/run/sallyport/acme", dns: true },
  },
  streams: {
    ports: [5432, "53/udp"],
    sni: 9443,
    template: "/t/stream.hbs",
    destination: "/d/x.stream",
    check: { command: ["true"], timeout: "1s" },
  },
};

const templateTarget = {
  template: ["/t/a.hbs", "/t/b.hbs"],
  ...shared,
  format: "json",
  includes: "/t/includes",
  reloadEvery: "1m",
  network: "front",
  containers: { onlyExposed: true, onlyPublished: false, includeStopped: true, where },
  reload: { exec: { command: ["true"], timeout: "1s", logOutput: true } },
};

const statusPage = { directory: "/s", directoryInNginx: "/sn", listen: 8081, allow: ["10.0.0.0/8"] };

export const FIXTURES: readonly Readonly<Record<string, unknown>>[] = [
  { $schema: "x", agents, proxy: { label: "a=b" }, statusSocket: "/s.sock", statusPage, targets: [nginxTarget] },
  { agents, proxy: { container: "nginx" }, targets: [templateTarget] },
  { agents, targets: [{ ...templateTarget, reload: { signal: { process: "nginx", signal: "SIGHUP" } } }] },
  { agents, targets: [{ ...templateTarget, reload: { signal: { pidFile: "/run/x.pid", signal: "SIGUSR1" } } }] },
  {
    agents,
    targets: ["a", "b"].map((name) => ({ ...templateTarget, destination: `/out/${name}`, transaction: "both" })),
  },
  {
    agents,
    targets: [
      {
        ...templateTarget,
        reload: [
          { channel: "/run/reload" },
          { exec: { command: ["true"], timeout: "1s", logOutput: true } },
          { signal: { process: "nginx", signal: "SIGHUP" } },
          { signal: { pidFile: "/run/x.pid", signal: "SIGUSR1" } },
        ],
      },
    ],
  },
];
