import * as z from "zod";
import { AgentState } from "../inventory/agent-state.ts";
import { TargetState } from "../publish/target-progress.ts";

const instant = z.int();
/** May contain text of other programs. */
const error = z.string();
const settings = z
  .array(z.string())
  .optional()
  .describe("Settings in effect that differ from the default, one sentence each.");

const closed = z
  .array(z.string())
  .optional()
  .describe("Restrictions that cannot be applied, with what to do: nginx responds with 503 until they can.");

/** A container or virtual host with the reason for its status. Text of containers is not escaped. */
const Entry = z.object({
  name: z.string().describe("Name of the container or virtual host, or path of a file."),
  id: z.string().optional().describe("Container id. Missing for a virtual host or file."),
  dockerHost: z.string().optional().describe("Docker host of the container. Missing for a virtual host or file."),
  code: z.string().describe("Reason as a fixed code for programs, such as `port.none`."),
  reason: z.string().describe("Reason as a sentence for people."),
  hosts: z
    .array(z.string())
    .optional()
    .describe("Host names, as the container writes them, that it does not serve because of the reason."),
});
export type Entry = z.infer<typeof Entry>;

const Rendered = z.object({
  name: z.string().describe("Name of the container."),
  id: z.string().describe("Container id."),
  dockerHost: z.string().describe("Docker host of the container."),
  destination: z.string().describe("File of the target."),
});

const Filtered = Rendered.extend({
  reason: z.string().describe("Condition that the container does not meet."),
});

const Target = TargetState.extend({
  transaction: z.string().optional().describe("Name of the transaction that publishes the target with others."),
  templateError: z.string().optional().describe("Why an edited template is not used; the last good one is."),
});

const Agent = AgentState.extend({
  staleAt: instant
    .optional()
    .describe(
      "Of an agent whose state may be outdated: when its virtual hosts return 503, in milliseconds since the epoch.",
    ),
});

const UpstreamServer = z.object({
  endpoint: z.string().describe("`address:port`, IPv6 in brackets."),
  container: z.string().describe("Name of the container."),
  dockerHost: z.string().optional().describe("Docker host of the container."),
  node: z.string().optional().describe("Node of the Swarm task that the container runs."),
  health: z.string().optional().describe("`healthy`, `unhealthy`, `starting` or `none` (no health check)."),
  createdAt: instant.optional().describe("Creation of the container, in milliseconds since the epoch."),
  startedAt: instant.optional().describe("Last start of the container, in milliseconds since the epoch."),
  settings,
});

const Path = z.object({
  path: z.string().describe("Path of the virtual host, as nginx matches it."),
  protocol: z.string().describe("Protocol of the upstream servers, such as `http` or `grpc`."),
  servers: z.array(UpstreamServer).describe("Upstream servers. Empty: nginx responds with 503."),
  closed,
  settings,
});

const ContainerReason = z.object({
  container: z.string().describe("Name of the container."),
  reason: z.string().describe("Reason as a sentence for people."),
});

const VirtualHost = z.object({
  host: z.string().describe("Host name, wildcard (`*.example.com`) or regular expression (`~…`)."),
  paths: z.array(Path).describe("Paths with their upstream servers. Empty if the host only redirects."),
  unavailable: z.array(ContainerReason).describe("Containers that request the host and cannot receive requests now."),
  conflicts: z
    .array(ContainerReason)
    .optional()
    .describe("Containers whose settings for the host are ignored because another container decides them."),
  closed,
  settings,
  owner: z
    .string()
    .optional()
    .describe("Project or container that the host belongs to. Missing if all containers share hosts."),
  redirectTo: z.string().optional().describe("Virtual host that all requests are redirected to."),
  tls: z
    .object({
      certificate: z.string().describe("Name of the certificate."),
      expires: z.string().describe("Last day of the certificate, YYYY-MM-DD."),
    })
    .optional()
    .describe("Missing if the host is served without TLS."),
});
export type VirtualHostReport = z.infer<typeof VirtualHost>;

const Owned = z.object({
  name: z.string().describe("Host name or pattern, or `:proxy` for nginx's container."),
  owner: z.string().describe("Project or container that it belongs to."),
  until: instant
    .optional()
    .describe(
      "When other containers may request it, in milliseconds since the epoch. Missing if the configuration reserves it.",
    ),
});

const Certificate = z.object({
  name: z.string().describe("Name of the certificate."),
  hosts: z.array(z.string()).describe("Host names that the certificate covers."),
  expires: z.string().optional().describe("Last day, YYYY-MM-DD. Missing if the certificate cannot be read."),
  daysLeft: z.int().optional().describe("Whole days until it expires; negative when it has expired."),
  error: error.optional().describe("Why the certificate is not used."),
  warning: z.string().optional().describe("Why the certificate must be renewed."),
});

const RequestedCertificate = z.object({
  name: z.string().describe("Name of the certificate's files. Of a refused host name: the name."),
  hosts: z.array(z.string()).describe("Host names that the certificate is for."),
  state: z
    .enum(["pending", "issued", "failed", "foreign", "refused"])
    .describe(
      "`foreign`: the directory has files of this name that the ACME client did not install and does not replace. `refused`: the certificate is not requested.",
    ),
  error: error
    .optional()
    .describe("Why the last attempt failed, as the authority reports it, or why the certificate is not requested."),
  attemptedAt: instant.optional().describe("Last attempt, in milliseconds since the epoch."),
  nextAt: instant.optional().describe("Earliest time of the next attempt, in milliseconds since the epoch."),
  expires: z.string().optional().describe("Last day of the installed certificate, YYYY-MM-DD."),
});

const Service = z.object({
  name: z.string().describe("Name of the Swarm service."),
  stack: z.string().optional().describe("Stack that it belongs to."),
  dockerHost: z.string().describe("Docker host of the manager whose agent reports it."),
  tasks: z.int().describe("Tasks that the swarm wants to run."),
  running: z.int().describe("Tasks that run, on nodes that are not down."),
  nodes: z.array(z.string()).describe("Nodes of its tasks."),
  hosts: z.array(z.string()).describe("Virtual hosts that it serves."),
  update: z.string().optional().describe("State of its last update, such as `completed` or `paused`."),
  reason: z.string().optional().describe("Why it, or one of its tasks, is not routed, as a sentence for people."),
});

const Node = z.object({
  name: z.string().describe("Name of the node."),
  dockerHost: z.string().describe("Docker host of the manager whose agent reports it."),
  state: z.string().describe("`ready`, `down`, `disconnected` or `unknown`."),
  tasks: z.int().describe("Tasks of disclosed services on it."),
});

const Attention = z.object({
  level: z.enum(["error", "warning"]).describe("`error`: something does not work. `warning`: it works in part."),
  section: z
    .enum(["targets", "agents", "hosts", "containers", "certificates"])
    .describe("Section of the status page with the details."),
  text: z.string().describe("What needs attention, as a sentence for people."),
});
export type Attention = z.infer<typeof Attention>;

/** Status of a running renderer: the JSON document at the status socket, and the output of `status --json`. */
export const Report = z.object({
  pid: z.int().describe("Process id of the renderer."),
  attention: z
    .array(Attention)
    .describe("What needs attention, errors first. `status` exits with 0 only if the list is empty."),
  rejectedConfig: z.array(z.string()).describe("Errors of an edited configuration file; the last good one is used."),
  targets: z.array(Target).describe("Configured files, in their order."),
  agents: z.array(Agent).describe("Configured agents, in their order."),
  services: z.array(Service).describe("Services of Docker Swarm, sorted by name."),
  nodes: z.array(Node).describe("Nodes of Docker Swarm that have a task of these services, sorted by name."),
  virtualHosts: z.array(VirtualHost).describe("Virtual hosts of all nginx targets, sorted by name."),
  reserved: z.array(Owned).describe("Names and patterns whose owner has no container for them now. They return 503."),
  rendered: z.array(Rendered).describe("Containers in the files of template targets, one entry for each file."),
  quarantined: z.array(Entry).describe("Containers and virtual hosts excluded because of an error."),
  unrouted: z.array(Entry).describe("Containers that no nginx target routes, although no error occurred."),
  filtered: z
    .array(Filtered)
    .describe("Containers excluded by the configuration (`containers`) of a target, one entry for each target."),
  warnings: z.array(Entry).describe("Settings of routed containers that are ignored or guessed."),
  certificates: z.array(Certificate).describe("Certificates of all nginx targets, unusable ones included."),
  requestedCertificates: z
    .array(RequestedCertificate)
    .describe("Certificates that virtual hosts request from an ACME authority."),
});
export type Report = z.infer<typeof Report>;

export function closuresOf({ closed = [], paths }: VirtualHostReport): string[] {
  return [...new Set([...closed, ...paths.flatMap((path) => path.closed ?? [])])];
}

/** Returns whether all paths of a virtual host have an upstream server, some or none. A redirect needs none. */
export function availabilityOf({ paths, closed, redirectTo }: VirtualHostReport): "all" | "some" | "none" {
  if (closed) return "none";
  if (redirectTo !== undefined) return "all";
  const available = paths.filter((path) => path.servers.length > 0 && !path.closed).length;
  return available === 0 ? "none" : available === paths.length ? "all" : "some";
}

/** Whether an agent's tasks may be outdated. */
export function isOutdated(swarm: Report["agents"][number]["swarm"]): boolean {
  return swarm !== undefined && swarm !== "current";
}

/** Returns the Docker hosts whose agent is disconnected: what is known of their containers may be outdated. */
export function staleDockerHosts({ agents }: Report): ReadonlySet<string> {
  const connected = new Set(agents.filter((agent) => agent.connected).map(({ dockerHost }) => dockerHost));
  return new Set(agents.map(({ dockerHost }) => dockerHost).filter((name) => name !== "" && !connected.has(name)));
}
