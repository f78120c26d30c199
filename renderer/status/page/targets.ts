import type { Report } from "../report.ts";
import { type Content, foreign, type Markup, markup } from "./markup.ts";
import type { Table } from "./table.ts";
import { badge, counted, type Level, moment } from "./words.ts";

type Target = Report["targets"][number];
type Publication = Target["publications"][number];

const OUTCOMES: Readonly<Record<Publication["outcome"], readonly [Level, string]>> = {
  published: ["good", "live"],
  failed: ["warn", "waits"],
  rejected: ["bad", "refused"],
};

/** The files that are kept, and what became of the last changes to each. */
export function targetTable({ targets }: Report): Table {
  return {
    kind: "files",
    caption: `${counted(targets.length, "file")} kept`,
    columns: ["File", "State", "Last published", "What happened last"],
    rows: targets.map((target) => [fileOf(target), stateOf(target), publishedOf(target), historyOf(target)]),
    none: "No file is kept.",
  };
}

function fileOf({ destination, transaction }: Target): Markup {
  const together =
    transaction !== undefined && markup`<br><span class="since">in transaction ${foreign(transaction)}</span>`;
  return markup`<code>${foreign(destination)}</code>${together}`;
}

function stateOf({ pending, problem, warning }: Target): Content {
  if (!pending && warning !== undefined)
    return [badge("warn", "live"), markup`<p class="reason">${foreign(warning)}</p>`];
  if (!pending) return badge("good", "live");
  return [badge("bad", "not up to date"), markup`<p class="reason">${foreign(problem ?? "")}</p>`];
}

function publishedOf({ publishedAt, generation, liveHash }: Target): Content {
  const at = publishedAt === undefined ? "before this start" : moment(publishedAt);
  const hash = liveHash !== undefined && markup`<br><code class="since">sha256 ${liveHash.slice(0, 16)}…</code>`;
  return markup`${at}<br><span class="since">generation ${generation}</span>${hash}`;
}

function historyOf({ publications, destination }: Target): Markup {
  if (publications.length === 0) return markup`<span class="since">nothing since the renderer started</span>`;
  return markup`<details><summary>${counted(publications.length, "event")}<span class="hidden"> of ${foreign(destination)}</span></summary>
<ol class="history">${publications.map(publicationOf)}</ol></details>`;
}

function publicationOf({ at, outcome, generation, hash, reason }: Publication): Markup {
  const sum = hash !== undefined && markup` <code class="since">sha256 ${hash.slice(0, 16)}…</code>`;
  const why = reason !== undefined && markup`<p class="reason">${foreign(reason)}</p>`;
  return markup`<li>${badge(...OUTCOMES[outcome])} ${moment(at)} <span class="since">generation ${generation}</span>${sum}${why}</li>`;
}
