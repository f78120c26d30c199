import { counted } from "../format.ts";
import type { Report } from "../report.ts";
import { badge, time } from "./elements.ts";
import { type Markup, markup, untrusted } from "./markup.ts";
import type { Table } from "./table.ts";

type Agent = Report["agents"][number];

export function agentTable({ agents }: Report): Table {
  return {
    kind: "agents",
    caption: counted(agents.length, "agent"),
    columns: ["Agent", "Status", "Since", "Docker", "Containers"],
    rows: agents.map((agent) => [
      markup`${untrusted(agent.dockerHost || "unknown Docker host")}<br><code class="since">${untrusted(agent.socket)}</code>`,
      statusOf(agent),
      time(agent.since),
      dockerOf(agent),
      agent.containers,
    ]),
    empty: "No agent is configured.",
  };
}

function statusOf({ connected, error = "", auditError }: Agent): Markup {
  if (auditError !== undefined)
    return markup`${badge("bad", "audit trail")}<p class="reason">${untrusted(auditError)}</p>`;
  if (connected) return badge("good", "connected");
  return markup`${badge("bad", "disconnected")}<p class="reason">${untrusted(error)}</p>`;
}

function dockerOf({ docker }: Agent): Markup {
  return badge(docker === "connected" ? "good" : docker === "unknown" ? "plain" : "bad", docker);
}
