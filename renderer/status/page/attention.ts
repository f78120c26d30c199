import type { Report } from "../report.ts";
import { isServed } from "./hosts.ts";
import { type Content, foreign, markup } from "./markup.ts";
import { counted, type Level } from "./words.ts";

/** Something a person should look at, and the section that tells more. */
export interface Finding {
  readonly level: Exclude<Level, "good" | "plain">;
  readonly section: string;
  readonly text: Content;
}

/** Names that are listed before the rest is only counted. */
const MAX_NAMES = 5;

/** What needs attention, the worst first. */
export function findingsOf(report: Report): Finding[] {
  const found = [...ofServices(report), ...ofHosts(report), ...ofContainers(report), ...ofCertificates(report)];
  return found.toSorted((a, b) => Number(a.level === "warn") - Number(b.level === "warn"));
}

function ofServices({ agents, targets, refusedConfig = [], refusedTemplates = [] }: Report): Finding[] {
  return [
    ...refusedConfig.map((problem) => bad("files", markup`the edited configuration is not used: ${foreign(problem)}`)),
    ...refusedTemplates.map(({ problem }) => bad("files", markup`an edited template is not used: ${foreign(problem)}`)),
    ...targets
      .filter(({ pending }) => pending)
      .map(({ destination }) => bad("files", markup`${foreign(destination)} is not up to date`)),
    ...agents
      .filter(({ connected }) => !connected)
      .map(({ socket }) => bad("agents", markup`the agent at ${foreign(socket)} is absent: what it told may be old`)),
    ...agents
      .filter(({ connected, docker }) => connected && docker !== "connected" && docker !== "unknown")
      .map(({ host }) => bad("agents", markup`Docker on ${foreign(host)} does not answer its agent`)),
  ];
}

function ofHosts({ virtualHosts }: Report): Finding[] {
  const without = virtualHosts.filter((host) => isServed(host) === "none");
  const partly = virtualHosts.filter((host) => isServed(host) === "part");
  return [
    ...(without.length > 0
      ? [bad("hosts", [counted(without.length, "host"), " without a server: ", names(without)])]
      : []),
    ...(partly.length > 0 ? [warn("hosts", [counted(partly.length, "host"), " partly served: ", names(partly)])] : []),
  ];
}

function ofContainers({ quarantined }: Report): Finding[] {
  if (quarantined.length === 0) return [];
  const who = names(quarantined.map(({ name }) => ({ host: name })));
  return [warn("containers", [counted(quarantined.length, "container"), " set aside: ", who])];
}

function ofCertificates({ certificates }: Report): Finding[] {
  return certificates
    .filter(({ problem }) => problem !== undefined)
    .map(({ name, daysLeft }) => {
      if (daysLeft === undefined) return bad("certificates", markup`certificate ${foreign(name)} cannot be used`);
      if (daysLeft < 0) return bad("certificates", markup`certificate ${foreign(name)} has expired`);
      return warn("certificates", markup`certificate ${foreign(name)} ends in ${counted(daysLeft, "day")}`);
    });
}

function names(list: readonly { readonly host: string }[]): Content {
  const left = list.length - MAX_NAMES;
  const shown = list.slice(0, MAX_NAMES).map(({ host }, index) => [index > 0 && ", ", foreign(host)]);
  return [shown, left > 0 && ` and ${left} more`];
}

function bad(section: string, text: Content): Finding {
  return { level: "bad", section, text };
}

function warn(section: string, text: Content): Finding {
  return { level: "warn", section, text };
}
