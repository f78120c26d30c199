import { counted } from "../format.ts";
import { availabilityOf, closuresOf, type Report, type VirtualHostReport } from "../report.ts";
import type { Level } from "./elements.ts";
import { type Content, markup, untrusted } from "./markup.ts";

/** Something that needs attention, and the section with the details. */
export interface Issue {
  readonly level: Extract<Level, "warn" | "bad">;
  readonly section: string;
  readonly text: Content;
}

/** Names that are listed; further ones are counted. */
const MAX_NAMES = 5;

/** Lists what needs attention, errors first. */
export function issuesOf(report: Report): Issue[] {
  const issues = [...targetsAndAgents(report), ...hosts(report), ...containers(report), ...certificates(report)];
  return issues.toSorted((a, b) => Number(a.level === "warn") - Number(b.level === "warn"));
}

function targetsAndAgents({ agents, targets, rejectedConfig }: Report): Issue[] {
  return [
    ...rejectedConfig.map((error) => bad("targets", markup`edited configuration rejected: ${untrusted(error)}`)),
    ...targets.flatMap(({ templateError }) =>
      templateError === undefined
        ? []
        : [bad("targets", markup`edited template rejected: ${untrusted(templateError)}`)],
    ),
    ...targets
      .filter(({ pending }) => pending)
      .map(({ destination }) => bad("targets", markup`${untrusted(destination)} is not up to date`)),
    ...agents
      .filter(({ connected }) => !connected)
      .map(({ socket }) =>
        bad("agents", markup`agent ${untrusted(socket)} is disconnected: its containers may be outdated`),
      ),
    ...agents
      .filter(({ connected, docker }) => connected && docker !== "connected" && docker !== "unknown")
      .map(({ dockerHost }) => bad("agents", markup`Docker on ${untrusted(dockerHost)} is not connected`)),
  ];
}

function hosts({ virtualHosts }: Report): Issue[] {
  const isClosed = (host: VirtualHostReport): boolean => closuresOf(host).length > 0;
  const namesOf = (availability: string): string[] =>
    virtualHosts.filter((one) => availabilityOf(one) === availability && !isClosed(one)).map(({ host }) => host);
  const closed = virtualHosts.filter(isClosed).map(({ host }) => host);
  const [unavailable, partly] = [namesOf("none"), namesOf("some")];
  return [
    ...(closed.length > 0
      ? [bad("hosts", [counted(closed.length, "host"), " closed, a restriction cannot be applied: ", names(closed)])]
      : []),
    ...(unavailable.length > 0
      ? [bad("hosts", [counted(unavailable.length, "host"), " unavailable: ", names(unavailable)])]
      : []),
    ...(partly.length > 0
      ? [warn("hosts", [counted(partly.length, "host"), " partly unavailable: ", names(partly)])]
      : []),
  ];
}

function containers({ quarantined }: Report): Issue[] {
  if (quarantined.length === 0) return [];
  const list = names(quarantined.map(({ name }) => name));
  return [warn("containers", [quarantined.length, " quarantined: ", list])];
}

function certificates(report: Report): Issue[] {
  return report.certificates.flatMap(({ name, daysLeft = 0, error, warning }) => {
    if (error !== undefined) return [bad("certificates", markup`certificate ${untrusted(name)} is unusable`)];
    if (warning === undefined) return [];
    if (daysLeft < 0) return [bad("certificates", markup`certificate ${untrusted(name)} has expired`)];
    return [warn("certificates", markup`certificate ${untrusted(name)} expires in ${counted(daysLeft, "day")}`)];
  });
}

function names(list: readonly string[]): Content {
  const more = list.length - MAX_NAMES;
  const listed = list.slice(0, MAX_NAMES).map((name, index) => [index > 0 && ", ", untrusted(name)]);
  return [listed, more > 0 && ` and ${more} more`];
}

function bad(section: string, text: Content): Issue {
  return { level: "bad", section, text };
}

function warn(section: string, text: Content): Issue {
  return { level: "warn", section, text };
}
