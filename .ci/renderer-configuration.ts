import { publishedSchema } from "../renderer/config/published-schema.ts";
import { alternatives, code, type JsonSchema, table, typeText } from "./schema-text.ts";

/** An example for each key, in YAML. A test parses each with the schema of its key. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  $schema: "docs/renderer.schema.json",
  agents: "[{ socket: /run/sallyport/agent/rpc.sock }]",
  "agents[].address": "192.0.2.7",
  "agents[].host": "app-1",
  "agents[].socket": "/run/sallyport/agent/rpc.sock",
  "agents[].staleAfter": "5m",
  proxy: "{ label: sallyport.proxy=true }",
  "proxy.label": "sallyport.proxy=true",
  "proxy.container": "nginx",
  statusSocket: "/tmp/status.sock",
  statusPage: "{ directory: /etc/nginx/conf.d/status }",
  "statusPage.directory": "/etc/nginx/conf.d/status",
  "statusPage.directoryInNginx": "/etc/nginx/conf.d/status",
  "statusPage.listen": "8081",
  "statusPage.allow": '["127.0.0.0/8"]',
  targets: "[{ template: /etc/dns.hosts.hbs, destination: /srv/dns.hosts, format: hosts, reload: none }]",
  "targets[].template": "/etc/sallyport/templates/nginx.conf.hbs",
  "targets[].destination": "/etc/nginx/conf.d/default.conf",
  "targets[].mode": '"0640"',
  "targets[].owner": '"0:101"',
  "targets[].stateDirectory": "/var/lib/sallyport",
  "targets[].format": "json",
  "targets[].includes": "/etc/sallyport/includes",
  "targets[].network": "monitoring",
  "targets[].containers": "{ where: [{ project: shop }] }",
  "targets[].containers.onlyExposed": "true",
  "targets[].containers.onlyPublished": "true",
  "targets[].containers.includeStopped": "true",
  "targets[].containers.where": "[{ label: tier=web }]",
  "targets[].containers.where[].label": "tier=web",
  "targets[].containers.where[].name": "shop-*",
  "targets[].containers.where[].network": "front",
  "targets[].containers.where[].image": "nginx:*",
  "targets[].containers.where[].project": "[shop, blog]",
  "targets[].containers.where[].service": "web",
  "targets[].containers.where[].health": "healthy",
  "targets[].containers.where[].state": "running",
  "targets[].containers.where[].exposes": "53/udp",
  "targets[].containers.where[].publishes": "8000-8100",
  "targets[].containers.where[].id": "87eacbe02e94",
  "targets[].containers.where[].not": "{ name: test-* }",
  "targets[].onlyExposed": "false",
  "targets[].listen": "8080",
  "targets[].routing": "{ grace: 30s }",
  "targets[].routing.containersMay": "[regex, hsts]",
  "targets[].routing.maxRoutes": "2000",
  "targets[].routing.sharedHosts": "true",
  "targets[].routing.ownerLease": "720h",
  "targets[].routing.staleAfter": "1h",
  "targets[].routing.owners": "[{ suffix: shop.example.com, projects: [shop] }]",
  "targets[].routing.owners[].suffix": "shop.example.com",
  "targets[].routing.owners[].projects": "[shop]",
  "targets[].routing.hostAddress": "172.17.0.1",
  "targets[].routing.health": "started",
  "targets[].routing.hostRule": '"{service}.{project}.localhost"',
  "targets[].routing.preferIpv6": "true",
  "targets[].routing.grace": "30s",
  "targets[].routing.routes": '[{ host: nas.example.com, to: ["192.168.1.20:8080"] }]',
  "targets[].routing.routes[].host": "nas.example.com",
  "targets[].routing.routes[].path": "/files/",
  "targets[].routing.routes[].to": '["192.168.1.20:8080"]',
  "targets[].routing.routes[].proto": "https",
  "targets[].routing.routes[].dest": "/",
  "targets[].routing.routes[].hostOptions": "{ httpsMethod: noredirect }",
  "targets[].routing.routes[].pathOptions": "{ access: internal }",
  "targets[].nginx": '{ version: "1.26" }',
  "targets[].nginx.version": '"1.26"',
  "targets[].nginx.defaults": "{ httpsMethod: noredirect }",
  "targets[].nginx.pathDefaults": "{ timeout: 5m, bodySize: 100m }",
  "targets[].nginx.defaultHost": "www.example.com",
  "targets[].nginx.unclaimedPath": "503",
  "targets[].nginx.ipv6": "true",
  "targets[].nginx.proxyProtocol": "true",
  "targets[].nginx.trustedProxies": "[10.0.0.0/8]",
  "targets[].nginx.upgrades": "[websocket, tunnel/2]",
  "targets[].nginx.connectionsPerAddress": "500",
  "targets[].nginx.internalNetworks": "[192.168.0.0/16]",
  "targets[].nginx.auth": "{ authelia: { host: auth.example.com, path: /api/authz/auth-request } }",
  "targets[].nginx.auth.NAME.host": "auth.example.com",
  "targets[].nginx.auth.NAME.path": "/api/authz/auth-request",
  "targets[].nginx.auth.NAME.signIn": "https://auth.example.com/",
  "targets[].nginx.auth.NAME.headers": "[X-Auth-Request-User]",
  "targets[].nginx.upstreamTls": "{ internal: { authority: /etc/nginx/internal-ca.crt } }",
  "targets[].nginx.upstreamTls.NAME.authority": "/etc/nginx/internal-ca.crt",
  "targets[].nginx.upstreamTls.NAME.name": "apps.internal",
  "targets[].nginx.upstreamTls.NAME.client": "{ certificate: /etc/nginx/client.crt, key: /etc/nginx/client.key }",
  "targets[].nginx.upstreamTls.NAME.client.certificate": "/etc/nginx/client.crt",
  "targets[].nginx.upstreamTls.NAME.client.key": "/etc/nginx/client.key",
  "targets[].nginx.resolvers": "[127.0.0.11]",
  "targets[].nginx.accessLog": "{ format: json }",
  "targets[].nginx.accessLog.file": "/var/log/nginx/access.log",
  "targets[].nginx.accessLog.format": "vhost",
  "targets[].nginx.accessLog.format.text": "'$host $status'",
  "targets[].nginx.accessLog.format.escape": "json",
  "targets[].nginx.files": "{ vhosts: /etc/nginx/vhost.d }",
  "targets[].nginx.files.vhosts": "/etc/nginx/vhost.d",
  "targets[].nginx.files.passwords": "/etc/nginx/htpasswd",
  "targets[].nginx.files.errors": "/etc/nginx/errors",
  "targets[].nginx.files.proxy": "/etc/nginx/proxy.conf",
  "targets[].streams": '{ ports: [5432, "53/udp"], sni: 9443 }',
  "targets[].streams.ports": '[5432, "53/udp"]',
  "targets[].streams.sni": "9443",
  "targets[].streams.template": "/etc/sallyport/templates/stream.conf.hbs",
  "targets[].streams.destination": "/etc/nginx/conf.d/default.stream",
  "targets[].streams.check": '{ command: [/opt/check-stream, "{candidate}"] }',
  "targets[].streams.check.command": '[/opt/check-stream, "{candidate}"]',
  "targets[].streams.check.timeout": "30s",
  "targets[].https": "{ certificates: /etc/nginx/certs }",
  "targets[].https.certificates": "/etc/nginx/certs",
  "targets[].https.certificatesInNginx": "/etc/nginx/certs",
  "targets[].https.listen": "8443",
  "targets[].https.port": "443",
  "targets[].https.challenges": "/usr/share/nginx/html",
  "targets[].https.challengesForUnknown": "true",
  "targets[].https.acme": "{ directory: /run/sallyport/acme }",
  "targets[].https.acme.directory": "/run/sallyport/acme",
  "targets[].https.acme.dns": "true",
  "targets[].https.http3": "true",
  "targets[].https.hstsSeconds": "0",
  "targets[].keepBlankLines": "false",
  "targets[].interval": "1m",
  "targets[].reloadEvery": "10s",
  "targets[].wait": "500ms:2s",
  "targets[].check": '{ command: [haproxy, -c, -f, "{candidate}"] }',
  "targets[].check.command": '[haproxy, -c, -f, "{candidate}"]',
  "targets[].check.timeout": "30s",
  "targets[].onFailure": "keep",
  "targets[].transaction": "front",
  "targets[].reload": "{ channel: /run/sallyport/reload }",
  "targets[].reload.channel": "/run/sallyport/reload",
  "targets[].reload.exec": "{ command: [nginx, -s, reload] }",
  "targets[].reload.exec.command": "[nginx, -s, reload]",
  "targets[].reload.exec.timeout": "30s",
  "targets[].reload.exec.logOutput": "true",
  "targets[].reload.signal": "{ process: dnsmasq }",
  "targets[].reload.signal.process": "dnsmasq",
  "targets[].reload.signal.pidFile": "/run/haproxy/pid",
  "targets[].reload.signal.signal": "SIGUSR2",
};

export interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** Lists every key of the configuration by its path; `[]` is an entry of a list. */
export function configurationKeys(): Key[] {
  const byPath = new Map<string, Key>();
  for (const key of keysOf(publishedSchema() as JsonSchema, "")) {
    const before = byPath.get(key.path);
    byPath.set(key.path, before ? merged(before, key) : key);
  }
  return [...byPath.values()];
}

/** A key of both kinds of target: nginx targets come first in the schema, `format` makes a target one of the other kind. */
function merged(nginx: Key, template: Key): Key {
  const [before, after] = [nginx.schema.description, template.schema.description];
  if (before === after || !nginx.path.startsWith("targets[].") || before?.includes(" With `format`: ")) return nginx;
  return { ...nginx, schema: { ...template.schema, description: `${before} With \`format\`: ${after}` } };
}

/** A remark on a key that only one kind of target has, unless its parent has that remark. */
function kindRemark(path: string): string {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf("."))).replace(/\[\]$/, "");
  return parent !== "targets" && kindOf(path) === kindOf(parent) ? "" : kindOf(path);
}

function kindOf(path: string): string {
  const targets = (publishedSchema() as JsonSchema).properties?.["targets"]?.items?.anyOf ?? [];
  const [nginx, template] = targets.map((target) => keysOf(target, "targets[]").some((key) => key.path === path));
  if (nginx === template) return "";
  if (path === "targets[].format") return " Makes the target a template target.";
  return nginx ? " Not with `format`." : " Only with `format`.";
}

function keysOf(schema: JsonSchema, prefix: string): Key[] {
  const options = alternatives(schema);
  const objects = options.filter(({ properties }) => properties !== undefined);
  return options.flatMap(({ properties = {}, items, additionalProperties }) => {
    const own = Object.entries(properties).flatMap(([name, value]) => {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      const isRequired = value.default === undefined && objects.every(({ required = [] }) => required.includes(name));
      const key = { path, schema: value, isRequired };
      return [key, ...(isRepeated(path) ? [] : keysOf(value, path))];
    });
    // A list of what may also stand alone has the same keys.
    const isAlsoAlone = objects.length > 0;
    if (typeof additionalProperties === "object") own.push(...keysOf(additionalProperties, `${prefix}.NAME`));
    return items === undefined || isAlsoAlone ? own : [...own, ...keysOf(items, `${prefix}[]`)];
  });
}

/** Keys that other sections describe: options of containers, and predicates inside `not`. */
function isRepeated(path: string): boolean {
  return /(?:nginx\.(?:pathD|d)efaults|routes\[\]\.(?:host|path)Options|where\[\]\.not)$/.test(path);
}

/** The page with every key of the renderer's configuration. */
export function rendererConfigurationPage(): string {
  const keys = configurationKeys();
  const sections = [...new Set(keys.map(({ path }) => sectionOf(path)))];
  const chapters = sections.map((section) => {
    const own = keys.filter(({ path }) => sectionOf(path) === section);
    const rows = own.map(({ path, schema, isRequired }) => [
      code(path.slice(section.length).replace(/^\./, "")),
      typeText(schema),
      isRequired ? "required" : code(schema.default),
      meaning(schema) + kindRemark(path),
      code(EXAMPLES[path]),
    ]);
    return `## ${section === "" ? "Top level" : code(section)}\n\n${table(["key", "type", "default", "meaning", "example"], rows)}`;
  });
  return `# Renderer configuration

<!-- Generated by \`npm run docs\` from renderer/config/; do not edit. -->

Every key of the configuration file (YAML). [Targets](targets.md) describes what the keys do together, and
[\`renderer.schema.json\`](../renderer.schema.json) is the schema for editors. Unknown keys are errors. Durations are \`100ms\`, \`30s\`,
\`1m30s\`, \`1h\`. Options of hosts and paths (\`defaults\`, \`pathDefaults\`, \`hostOptions\`, \`pathOptions\`) have the names of the
[labels](labels-and-variables.md) in camel case, for example \`httpsMethod\` for \`sallyport.https-method\`.
Two are shorter: \`access\` for \`sallyport.network-access\`, and \`challenge\` for \`sallyport.acme-challenge\`.

${chapters.join("\n\n")}
`;
}

/** Keys of small objects are listed with their parent. */
function sectionOf(path: string): string {
  const parents = [
    "targets[].containers",
    "targets[].routing",
    "targets[].nginx",
    "targets[].https",
    "targets[].reload",
  ];
  const parent = parents.find((one) => path.startsWith(`${one}.`));
  return parent ?? (path.startsWith("targets[].") ? "targets[]" : "");
}

function meaning({ description = "" }: JsonSchema): string {
  return description.replace(/docs\/([a-z-]+\/)?([A-Za-z-]+)\.md/, (_, folder: string = "", page: string) => {
    const to = folder === "reference/" ? `${page}.md` : `../${folder}${page}.md`;
    return `[${page.replaceAll("-", " ")}](${to})`;
  });
}
