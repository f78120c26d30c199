import { counted } from "../format.ts";
import { routingText, tasksText } from "../services.ts";
import { badge } from "./elements.ts";
import type { Entry, Report } from "../report.ts";
import { type Content, markup, untrusted } from "./markup.ts";
import type { Table } from "./table.ts";

export function quarantinedTable({ quarantined }: Report): Table {
  return entryTable(`${quarantined.length} quarantined`, quarantined, "Nothing is quarantined.");
}

/** Containers that are routed although some of their settings are ignored or guessed. */
export function warningTable({ warnings }: Report): Table {
  return entryTable(counted(warnings.length, "warning"), warnings, "There are no warnings.");
}

export function unroutedTable({ unrouted }: Report): Table {
  return entryTable(`${unrouted.length} unrouted`, unrouted, "No container is unrouted.");
}

/** The services of Docker Swarm. */
export function serviceTable(report: Report): Table {
  return {
    kind: "containers",
    caption: counted(report.services.length, "Swarm service"),
    columns: ["Service", "Status", "Tasks"],
    rows: report.services.map((one) => [
      untrusted(one.name),
      routingText(one).map((line) => markup`<p>${untrusted(line)}</p>`),
      untrusted(tasksText(one, report)),
    ]),
    empty: "There are no Swarm services.",
  };
}

/** The nodes on which their tasks run. */
export function nodeTable({ nodes }: Report): Table {
  return {
    kind: "containers",
    caption: counted(nodes.length, "Swarm node"),
    columns: ["Node", "State", "Tasks"],
    rows: nodes.map(({ name, state, tasks }) => [
      untrusted(name),
      badge(state === "ready" ? "good" : state === "down" ? "bad" : "plain", state),
      tasks,
    ]),
    empty: "No node has a task.",
  };
}

/** Containers that the configuration of a target excludes. */
export function filteredTable({ filtered }: Report): Table {
  return {
    kind: "containers",
    caption: `${filtered.length} filtered`,
    columns: ["Container", "Reason", "File", "Docker host"],
    rows: filtered.map(({ name, id, reason, destination, dockerHost }) => [
      nameOf(name, id),
      untrusted(reason),
      markup`<code>${untrusted(destination)}</code>`,
      untrusted(dockerHost),
    ]),
    empty: "No container is filtered.",
  };
}

function entryTable(caption: string, entries: readonly Entry[], empty: string): Table {
  return {
    kind: "containers",
    caption,
    columns: ["Container", "Reason", "Docker host"],
    rows: entries.map(({ name, id = "", dockerHost = "", reason }) => [
      nameOf(name, id),
      untrusted(reason),
      untrusted(dockerHost),
    ]),
    empty,
  };
}

function nameOf(name: string, id: string): Content {
  return markup`${untrusted(name)}<br><code class="since">${id.slice(0, 12)}</code>`;
}
