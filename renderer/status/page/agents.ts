import type { Report } from "../report.ts";
import { foreign, markup, type Markup } from "./markup.ts";
import type { Table } from "./table.ts";
import { badge, counted, moment } from "./words.ts";

type Agent = Report["agents"][number];

/** The agents: whether they are there, and whether Docker answers them. */
export function agentTable({ agents }: Report): Table {
  return {
    kind: "agents",
    caption: counted(agents.length, "agent"),
    columns: ["Agent", "State", "Since", "Docker", "Containers"],
    rows: agents.map((agent) => [
      markup`${foreign(agent.host || "not known yet")}<br><code class="since">${foreign(agent.socket)}</code>`,
      stateOf(agent),
      moment(agent.since),
      dockerOf(agent),
      agent.containers,
    ]),
    none: "No agent is configured.",
  };
}

function stateOf({ connected, problem }: Agent): Markup {
  if (connected) return badge("good", "connected");
  return markup`${badge("bad", "absent")}<p class="reason">${foreign(problem ?? "")}</p>`;
}

function dockerOf({ docker }: Agent): Markup {
  if (docker === "connected") return badge("good", "answers");
  return docker === "unknown" ? badge("plain", "not known") : badge("bad", docker);
}
