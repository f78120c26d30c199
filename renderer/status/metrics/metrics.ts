import type { LogFields } from "../../../shared/log.ts";
import { availabilityOf, type Report } from "../report.ts";
import { type Family, Histogram, openMetrics, type Sample } from "./open-metrics.ts";

/** Upper bounds of durations in seconds. nginx gives up on a configuration after some seconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const OUTCOMES = ["succeeded", "rejected", "failed"] as const;

/** What happened since the start, read from the log, and the report: together the metrics. */
export class Metrics {
  readonly #publications = new Map<string, Record<(typeof OUTCOMES)[number], number>>();
  readonly #durations = new Histogram(BOUNDS);
  readonly #changesToLive = new Histogram(BOUNDS);
  #quarantined = 0;
  #rejectedReloads = 0;

  logged(event: string, fields: LogFields = {}): void {
    if (event === "container.quarantined") this.#quarantined += 1;
    if (fields["by"] === "reload" || fields["code"] === "reload.rejected") this.#rejectedReloads += 1;
    const outcome = OUTCOMES.find((one) => event === `publish.${one}`);
    if (outcome === undefined) return;
    const path = String(fields["path"]);
    const counts = this.#publications.get(path) ?? { succeeded: 0, rejected: 0, failed: 0 };
    this.#publications.set(path, { ...counts, [outcome]: counts[outcome] + 1 });
    if (outcome !== "succeeded") return;
    this.#durations.observe(Number(fields["durationMs"]) / 1_000);
    this.#changesToLive.observe(Number(fields["changeToLiveMs"]) / 1_000);
  }

  /** The metrics as OpenMetrics text. `now` is in milliseconds since the epoch. */
  print(report: Report, version: string, now: number): string {
    return openMetrics(this.families(report, version, now));
  }

  families(report: Report, version: string, now: number): Family[] {
    return [
      gauge("sallyport_build_info", "Version of the renderer.", [{ labels: { version }, value: 1 }]),
      gauge(
        "sallyport_metrics_timestamp_seconds",
        "When these metrics were written, as Unix time. They are written at least every 15 seconds.",
        now / 1_000,
      ),
      gauge(
        "sallyport_needs_attention",
        "1 if something needs attention: `status` lists it and exits with 1.",
        report.attention.length > 0,
      ),
      gauge(
        "sallyport_config_rejected",
        "1 if an edited configuration file is not used because of an error.",
        report.rejectedConfig.length > 0,
      ),
      ...agentFamilies(report, now),
      ...hostFamilies(report),
      ...swarmFamilies(report),
      {
        name: "sallyport_containers_quarantined",
        type: "counter",
        help: "Containers and virtual hosts that were quarantined since the start.",
        samples: [{ value: this.#quarantined }],
      },
      ...targetFamilies(report),
      {
        name: "sallyport_publications",
        type: "counter",
        help: "Attempts to publish a file since the start. An attempt that fails again with the same error is not counted again.",
        samples: [...this.#publications].flatMap(([path, counts]) =>
          OUTCOMES.map((outcome) => ({ labels: { path, outcome }, value: counts[outcome] })),
        ),
      },
      {
        name: "sallyport_reloads_rejected",
        type: "counter",
        help: "Reloads since the start that failed although the check had accepted the file. The last published file stays live.",
        samples: [{ value: this.#rejectedReloads }],
      },
      {
        name: "sallyport_publication_duration_seconds",
        type: "histogram",
        help: "Time to render, check, write and reload.",
        samples: this.#durations.samples,
      },
      {
        name: "sallyport_change_to_live_seconds",
        type: "histogram",
        help: "Time from the first change that an agent reports until it is live.",
        samples: this.#changesToLive.samples,
      },
      ...certificateFamilies(report),
      {
        name: "sallyport_nginx_connections",
        type: "gauge",
        help: "Connections of nginx's clients, if nginx has the module `stub_status`. `active` is the sum of the others.",
        requires: "connections_active",
        samples: ["active", "reading", "writing", "waiting"].map((state) => ({
          labels: { state },
          value: { variable: `connections_${state}` },
        })),
      },
    ];
  }
}

function agentFamilies({ agents }: Report, now: number): Family[] {
  const of = (value: (agent: Report["agents"][number]) => number | boolean): Sample[] =>
    agents.map((agent) => ({
      labels: { socket: agent.socket, docker_host: agent.dockerHost },
      value: Number(value(agent)),
    }));
  return [
    gauge(
      "sallyport_agent_connected",
      "1 if the renderer is connected to the agent.",
      of(({ connected }) => connected),
    ),
    gauge(
      "sallyport_docker_connected",
      "1 if the agent follows the Engine's events.",
      of(({ docker }) => docker === "connected"),
    ),
    gauge(
      "sallyport_snapshot_age_seconds",
      "For how long the agent's snapshot may be outdated; 0 while it is current.",
      of(({ absentSince }) => (absentSince === undefined ? 0 : Math.max(0, now - absentSince) / 1_000)),
    ),
    gauge(
      "sallyport_audit_trail_trusted",
      "0 if the agent's audit trail is not the one that the renderer saw before.",
      of(({ auditError }) => auditError === undefined),
    ),
    gauge(
      "sallyport_containers",
      "Containers that the agent discloses.",
      of(({ containers }) => containers),
    ),
  ];
}

function hostFamilies({ virtualHosts, quarantined, unrouted, warnings }: Report): Family[] {
  const hosts = countBy(virtualHosts.map(availabilityOf), ["all", "some", "none"]);
  const servers = countBy(
    virtualHosts.flatMap(({ paths }) => paths.flatMap((path) => path.servers.map(({ health = "none" }) => health))),
    ["healthy", "unhealthy", "starting", "none"],
  );
  return [
    gauge(
      "sallyport_virtual_hosts",
      "Virtual hosts by how many of their paths have an upstream server.",
      hosts.map(([available, value]) => ({ labels: { available }, value })),
    ),
    gauge(
      "sallyport_upstream_servers",
      "Upstream servers of all paths by health; `none`: without a health check.",
      servers.map(([health, value]) => ({ labels: { health }, value })),
    ),
    gauge("sallyport_quarantined", "Containers and virtual hosts excluded because of an error.", quarantined.length),
    gauge("sallyport_unrouted", "Containers that no nginx target routes.", unrouted.length),
    gauge("sallyport_warnings", "Settings of routed containers that are ignored or guessed.", warnings.length),
  ];
}

function swarmFamilies({ services, nodes }: Report): Family[] {
  const states = countBy(
    nodes.map(({ state }) => state),
    ["ready", "down"],
  );
  const isRouted = countBy(
    services.map(({ hosts }) => (hosts.length > 0 ? "yes" : "no")),
    ["yes", "no"],
  );
  return [
    {
      name: "sallyport_swarm_services",
      type: "gauge",
      help: "Services of Docker Swarm by whether a virtual host has them.",
      samples: isRouted.map(([routed, value]) => ({ labels: { routed }, value })),
    },
    {
      name: "sallyport_swarm_tasks",
      type: "gauge",
      help: "Tasks that the swarm wants to run, and those of them that run.",
      samples: (["tasks", "running"] as const).map((key) => ({
        labels: { state: key === "tasks" ? "wanted" : "running" },
        value: services.reduce((sum, service) => sum + service[key], 0),
      })),
    },
    {
      name: "sallyport_swarm_nodes",
      type: "gauge",
      help: "Nodes of the swarm that have a task, by state.",
      samples: states.map(([state, value]) => ({ labels: { state }, value })),
    },
  ];
}

function targetFamilies({ targets }: Report): Family[] {
  return [
    gauge(
      "sallyport_target_pending",
      "1 if the live file is not the wanted one.",
      targets.map(({ destination: path, pending }) => ({ labels: { path }, value: Number(pending) })),
    ),
    gauge(
      "sallyport_target_published_timestamp_seconds",
      "Last publication since the start, as Unix time.",
      targets.flatMap(({ destination: path, publishedAt }) =>
        publishedAt === undefined ? [] : [{ labels: { path }, value: publishedAt / 1_000 }],
      ),
    ),
  ];
}

/** Characters of an error in a label. */
const MAX_ERROR = 200;

function certificateFamilies({ certificates, requestedCertificates }: Report): Family[] {
  const states = countBy(
    requestedCertificates.map(({ state }) => state),
    ["pending", "issued", "failed", "foreign", "refused"],
  );
  return [
    gauge(
      "sallyport_certificate_expiry_timestamp_seconds",
      "Last day of a certificate, as Unix time.",
      certificates.flatMap(({ name, expires }) =>
        expires === undefined ? [] : [{ labels: { certificate: name }, value: Date.parse(expires) / 1_000 }],
      ),
    ),
    gauge(
      "sallyport_certificates_unusable",
      "Certificates that are not used because of an error.",
      certificates.filter(({ error }) => error !== undefined).length,
    ),
    gauge(
      "sallyport_requested_certificates",
      "Certificates that virtual hosts request from an ACME authority, by state.",
      states.map(([state, value]) => ({ labels: { state }, value })),
    ),
    gauge(
      "sallyport_requested_certificate",
      "1 for each certificate that the ACME client must get, with its state and its last error.",
      requestedCertificates
        .filter(({ state }) => state !== "refused")
        .map(({ name, state, error = "" }) => ({
          labels: { certificate: name, state, error: error.slice(0, MAX_ERROR) },
          value: 1,
        })),
    ),
  ];
}

function gauge(name: string, help: string, samples: number | boolean | readonly Sample[]): Family {
  return { name, type: "gauge", help, samples: typeof samples === "object" ? samples : [{ value: Number(samples) }] };
}

/** The number of values of each kind, and of other values. Kinds without a value are counted as 0. */
function countBy(values: readonly string[], kinds: readonly string[]): [string, number][] {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts];
}
