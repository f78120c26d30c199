/** Programs whose log calls must match the tables below and are part of docs/reference/log-events.md. */
export const PROGRAMS = ["agent", "renderer"] as const;

/** An event whose level, name or fields are not literals in the code states what the scan cannot see. */
interface ComputedEvent {
  readonly meaning: string;
  readonly level: "info" | "warn" | "error";
  readonly fields: readonly string[];
}

type Described = string | ComputedEvent;

/** Every event of each program with its meaning, one sentence. */
export const EVENTS: Readonly<Record<"agent" | "renderer", Readonly<Record<string, Described>>>> = {
  agent: {
    "agent.crashed":
      "An internal error stopped the agent. The error's message is not logged, because it may contain secrets.",
    "agent.started": "The agent accepts connections on its RPC socket.",
    "agent.unconfined":
      "Logged at start if the agent runs without restrictions that compose.yml sets, such as in a Swarm stack. `missing` lists them.",
    "agent.stopped": "The agent stopped: on request, or because of `error`.",
    "audit.checkpointed":
      "Signed checkpoint of the audit trail: at start, at stop, and every minute while the trail grows. Keep it outside of the host.",
    "audit.damaged":
      "Bytes in the audit trail that the agent did not write or cannot read were moved to a file of their own.",
    "audit.failed": "A record could not be written; the agent stops (`halt`) or continues (`degrade`).",
    "config.rejected": "The command line, the environment or the policy is invalid; the agent exits with 78.",
    "container.skipped":
      "The agent could not read one container (`id`), which keeps its last known state or is reported as unread, or ignored `count` entries of Docker's list.",
    "docker.connected": "The agent has read every container and follows Docker's events.",
    "docker.disconnected":
      "The connection to Docker failed or was lost; containers keep their last state and the agent reconnects.",
    "docker.list-failed":
      "A periodic list of containers failed; it is retried. Docker counts as unreachable after three lists without an answer.",
    "image.skipped":
      "The agent could not inspect an image, so every value of its containers counts as the image's. It retries if a retry can succeed.",
    "swarm.connected": "The agent has read services and tasks after a failure.",
    "swarm.disconnected":
      "The agent cannot read services and tasks: Docker is not a manager, or the swarm has no leader. Known tasks keep their last state.",
  },
  renderer: {
    "acme.discarded": "The file with the progress of the ACME client is damaged. The client ignored it.",
    "acme.failed": "The ACME client did not get a certificate; it tries again at `retry`.",
    "acme.issued": "The ACME client installed a certificate.",
    "acme.rejected": "The list of wanted certificates is invalid; the last valid one stays in use.",
    "acme.started": "The ACME client follows the list of wanted certificates.",
    "acme.stopped": "The ACME client stopped on request.",
    "acme.unwritten": "The ACME client could not write its progress; it continues.",
    "agent.connected": "The renderer is connected to an agent.",
    "agent.disconnected":
      "An agent has been disconnected for 5 seconds, or again within a minute; its containers keep their last state and the renderer reconnects.",
    "agent.docker-changed": "An agent's connection to Docker changed; its containers keep their last state.",
    "agent.expired":
      "An agent has been disconnected for longer than `staleAfter`; its virtual hosts return 503 until it connects.",
    "agent.expiring":
      "An agent has been disconnected for half of `staleAfter`; `reason` has the time from which its hosts return 503.",
    "agent.restored": "An agent is not reachable; its containers were restored from the inventory cache.",
    "agent.skipped": "An agent was never reachable and has no cache; the renderer starts without it.",
    "audit.forked":
      "An agent's audit trail is not the one that the renderer saw before: records were changed or removed.",
    "cache.discarded": "The inventory cache is unreadable. The renderer ignored it.",
    "cache.failed": {
      meaning: "The inventory cache or the file of owners could not be written.",
      level: "warn",
      fields: ["path", "error"],
    },
    "certificate.expiring": {
      meaning: "A certificate expires soon or has expired.",
      level: "warn",
      fields: ["path", "certificate", "expires"],
    },
    "certificate.failed": {
      meaning: "The ACME client reports that it did not get a certificate.",
      level: "warn",
      fields: ["certificate", "error"],
    },
    "certificate.missing": {
      meaning: "The files of a certificate are missing. It stays in use for a minute.",
      level: "warn",
      fields: ["path", "certificate", "hint"],
    },
    "certificate.rejected": {
      meaning: "A certificate is invalid and is not used.",
      level: "warn",
      fields: ["path", "certificate", "reason"],
    },
    "config.rejected":
      "The command line or the configuration is invalid; a running renderer keeps the previous configuration.",
    "config.reloaded": "The configuration file changed and is in effect.",
    "container.filtered": "The configuration excludes the container from this target.",
    "container.quarantined":
      "The container or virtual host is excluded because its configuration fails; all others stay live.",
    "container.unrouted": "The container has no route.",
    "container.warned": {
      meaning: "The renderer ignored a setting of a routed container, or used a default instead.",
      level: "warn",
      fields: ["container", "id", "dockerHost", "reason", "code"],
    },
    "file.unused": {
      meaning: "A file that restricts access belongs to no virtual host, so requests for its name return 503.",
      level: "warn",
      fields: ["path", "reason", "hint"],
    },
    "file.unwatched":
      "A configuration, template or proxy.conf is mounted as a single file; a new file in its place is not seen.",
    "host.closed": {
      meaning: "A file or option that restricts access to the host cannot be applied; nginx responds with 503.",
      level: "error",
      fields: ["host", "path", "reason", "hint"],
    },
    "host.released": "The operator ended the lease of a host name.",
    "host.reopened": "Everything that restricts access to the host is applied again.",
    "maintenance.changed": "The operator put a host under maintenance (`on`), or ended it (`off`).",
    "maintenance.lost": "The file of hosts under maintenance is damaged; all hosts are served.",
    "option.ignored": "An option has no effect in this mode.",
    "page.failed": "The status page could not be written.",
    "publish.degraded": "The destination cannot be replaced atomically and is written in place.",
    "publish.failed": {
      meaning: "The file could not be published; it is retried and the last published file stays live.",
      level: "warn",
      fields: ["path", "error"],
    },
    "publish.initialized": "An empty configuration was written, so that the reloaded program can start.",
    "publish.recovered": "An interrupted publication was completed or rolled back at start.",
    "publish.rejected": {
      meaning: "The check or the reload rejected the file; the last published file stays live.",
      level: "error",
      fields: ["path", "by", "error"],
    },
    "publish.succeeded": {
      meaning: "The file is published and, if configured, the program was reloaded.",
      level: "info",
      fields: ["path", "generation", "sha256", "durationMs", "changeToLiveMs"],
    },
    "publish.timed-out": "`run --once` could not publish within its time limit.",
    "reload.output": "A line that a reload command printed.",
    "renderer.crashed": "An internal error stopped the renderer.",
    "renderer.stopped": "The renderer stopped on request.",
    "route.changed": "The upstream servers of a virtual host changed.",
    "route.removed": "A virtual host has no upstream server any more and was removed.",
    "target.started": "The renderer follows containers for this target.",
    "template.rejected": "The template is invalid; the previous one stays in effect.",
    "template.reloaded": "The template changed and is in effect.",
    "wanted.failed": "The list of wanted certificates could not be written; the ACME client uses the last one.",
    "watch.failed":
      "Directories cannot be watched, for example because inotify watches are used up; the renderer polls them. Logged once.",
    "watch.restored": "All directories are watched again.",
  },
};

/** Every field with its meaning. `time`, `level` and `event` are part of each line. */
export const FIELDS: Readonly<Record<string, string>> = {
  action: "What the program does or did",
  authority: "Directory of the ACME authority",
  apiVersion: "Version of Docker's API in use",
  by: "`check` or `reload`",
  bytes: "Number of bytes",
  certificate: "Name of the certificate's files without extension",
  changeToLiveMs: "Milliseconds from the first change that an agent reported until it was live",
  checkpoint: "Signed checkpoint (C2SP tlog-checkpoint)",
  code: "Machine-readable reason, in addition to `reason` or `error`",
  command: "The program that ran",
  container: "Name of the container",
  containers: "Number of containers",
  count: "Number of occurrences",
  dockerHost: "Name of the Docker host, option `--host` of its agent",
  durationMs: "Milliseconds to render, check, write and reload",
  error: "What failed",
  expires: "Time at which the certificate expires",
  generation: "Number of publications of the file",
  held: "Checkpoint that the renderer keeps",
  hint: "How to fix the problem",
  host: "Virtual host",
  id: "First 12 digits of the container's id",
  image: "First 12 digits of the image's id",
  instance: "Id of one run of an agent",
  line: "A line of the command's output",
  missing: "Restrictions that do not apply to the process",
  mode: "Mode of the policy",
  owner: "Project or container that a host name belonged to",
  path: "File or directory",
  policySha256: "SHA-256 hash of the effective policy",
  publicKey: "Public key of the audit trail",
  reason: "Why it happened",
  received: "Checkpoint that the agent sent",
  reload: "Reload method",
  retry: "Time of the next attempt",
  servers: "Addresses of the upstream servers",
  services: "Number of Swarm services",
  sha256: "SHA-256 hash of the published file",
  skipped: "Number of containers skipped because there are too many",
  socket: "Path of the agent's RPC socket",
  stack: "Stack frames of a crash",
  state: "State of the connection to Docker, or `on` or `off` for maintenance",
  value: "The invalid value",
};
