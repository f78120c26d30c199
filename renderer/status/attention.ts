import { counted } from "./format.ts";
import {
  type Attention,
  availabilityOf,
  closuresOf,
  isOutdated,
  type Report,
  type VirtualHostReport,
} from "./report.ts";

/** Names that are listed; further ones are counted. */
const MAX_NAMES = 5;

/**
 * Lists what needs attention, errors first: the one list of the page, of `status` and of the exit codes. Text of
 * containers is not escaped.
 */
export function attentionOf(report: Omit<Report, "attention">): Attention[] {
  const found = [...targetsAndAgents(report), ...hosts(report), ...containers(report), ...certificates(report)];
  return found.toSorted((a, b) => Number(a.level === "warning") - Number(b.level === "warning"));
}

/**
 * Returns the errors of the renderer's own work, which make it unhealthy. A container or certificate never does:
 * orchestrators restart what is unhealthy, and all other hosts with it.
 */
export function faultsOfRenderer({ attention }: Pick<Report, "attention">): Attention[] {
  return attention.filter(({ level, section }) => level === "error" && OWN_SECTIONS.includes(section));
}

const OWN_SECTIONS: readonly string[] = ["targets", "agents"];

function targetsAndAgents({ agents, targets, rejectedConfig }: Omit<Report, "attention">): Attention[] {
  return [
    ...rejectedConfig.map((problem) => error("targets", `edited configuration rejected: ${problem}`)),
    ...targets.flatMap(({ templateError }) =>
      templateError === undefined ? [] : [error("targets", `edited template rejected: ${templateError}`)],
    ),
    ...targets
      .filter(({ pending }) => pending)
      .map(({ destination, error: why }) =>
        error("targets", `${destination} is not up to date${why === undefined ? "" : `: ${why}`}`),
      ),
    ...agents.flatMap((agent) => [...agentFaults(agent)].map((text) => error("agents", text))),
  ];
}

function* agentFaults({
  socket,
  dockerHost,
  connected,
  docker,
  auditError,
  overflow = 0,
  swarm,
}: Report["agents"][number]) {
  if (!connected) yield `agent ${socket} is disconnected: its containers may be outdated`;
  else if (docker !== "connected") yield `Docker on ${dockerHost} is not connected`;
  if (connected && isOutdated(swarm))
    yield `the swarm's manager on ${dockerHost} does not list tasks: they may be outdated`;
  if (auditError !== undefined) yield `agent ${socket}: ${auditError}`;
  if (overflow > 0) yield `agent ${socket}: ${counted(overflow, "container")} beyond its limit`;
}

function* hosts({ virtualHosts }: Pick<Report, "virtualHosts">): Generator<Attention> {
  const stateOf = (host: VirtualHostReport): string => (closuresOf(host).length > 0 ? "closed" : availabilityOf(host));
  const namesOf = (state: string): string[] =>
    virtualHosts.filter((host) => stateOf(host) === state).map(({ host }) => host);
  const [closed, none, some] = [namesOf("closed"), namesOf("none"), namesOf("some")];
  if (closed.length > 0) {
    const what = "closed by a restriction or for maintenance";
    yield error("hosts", `${counted(closed.length, "host")} ${what}: ${names(closed)}`);
  }
  if (none.length > 0) yield error("hosts", `${counted(none.length, "host")} unavailable: ${names(none)}`);
  if (some.length > 0) yield warning("hosts", `${counted(some.length, "host")} partly unavailable: ${names(some)}`);
}

function containers({ quarantined }: Pick<Report, "quarantined">): Attention[] {
  if (quarantined.length === 0) return [];
  return [warning("containers", `${quarantined.length} quarantined: ${names(quarantined.map(({ name }) => name))}`)];
}

function certificates(report: Pick<Report, "certificates" | "requestedCertificates">): Attention[] {
  const failed = report.requestedCertificates.filter(({ state }) => state === "failed");
  const installed = report.certificates.flatMap(({ name, daysLeft = 0, error: why, warning: soon }) => {
    if (why !== undefined) return [error("certificates", `certificate ${name} is unusable`)];
    if (soon === undefined) return [];
    if (daysLeft < 0) return [error("certificates", `certificate ${name} has expired`)];
    return [warning("certificates", `certificate ${name} expires in ${counted(daysLeft, "day")}`)];
  });
  return [
    ...failed.map(({ name, error: why = "" }) =>
      error("certificates", `certificate ${name} cannot be obtained: ${why}`),
    ),
    ...installed,
  ];
}

function names(list: readonly string[]): string {
  const more = list.length - MAX_NAMES;
  return `${list.slice(0, MAX_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function error(section: Attention["section"], text: string): Attention {
  return { level: "error", section, text };
}

function warning(section: Attention["section"], text: string): Attention {
  return { level: "warning", section, text };
}
