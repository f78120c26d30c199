import { counted } from "../format.ts";
import type { Report } from "../report.ts";
import { badge, type Level, time } from "./elements.ts";
import { type Content, type Markup, markup, untrusted } from "./markup.ts";
import type { Table } from "./table.ts";

type Target = Report["targets"][number];
type Publication = Target["publications"][number];

const LEVELS: Readonly<Record<Publication["outcome"], Level>> = { published: "good", failed: "warn", rejected: "bad" };

export function targetTable({ targets }: Report): Table {
  return {
    kind: "targets",
    caption: counted(targets.length, "target"),
    columns: ["File", "Status", "Last published", "Recent publications"],
    rows: targets.map((target) => [fileOf(target), statusOf(target), publishedOf(target), historyOf(target)]),
    empty: "No target is configured.",
  };
}

function fileOf({ destination, transaction }: Target): Markup {
  const group =
    transaction !== undefined && markup`<br><span class="since">transaction ${untrusted(transaction)}</span>`;
  return markup`<code>${untrusted(destination)}</code>${group}`;
}

function statusOf({ pending, error = "", warning }: Target): Content {
  if (pending) return [badge("bad", "not up to date"), markup`<p class="reason">${untrusted(error)}</p>`];
  if (warning === undefined) return badge("good", "live");
  return [badge("warn", "live"), markup`<p class="reason">${untrusted(warning)}</p>`];
}

function publishedOf({ publishedAt, generation, sha256 }: Target): Content {
  const at = publishedAt === undefined ? "not since the start" : time(publishedAt);
  return markup`${at}<br><span class="since">generation ${generation}</span>${sha256 !== undefined && markup`<br>${shortHash(sha256)}`}`;
}

function historyOf({ publications, destination }: Target): Markup {
  if (publications.length === 0) return markup`<span class="since">none since the start</span>`;
  return markup`<details><summary>${counted(publications.length, "publication")}<span class="hidden"> of ${untrusted(destination)}</span></summary>
<ol class="history">${publications.map(publicationOf)}</ol></details>`;
}

function publicationOf({ at, outcome, generation, sha256, error }: Publication): Markup {
  const hash = sha256 !== undefined && markup` ${shortHash(sha256)}`;
  const why = error !== undefined && markup`<p class="reason">${untrusted(error)}</p>`;
  return markup`<li>${badge(LEVELS[outcome], outcome)} ${time(at)} <span class="since">generation ${generation}</span>${hash}${why}</li>`;
}

function shortHash(sha256: string): Markup {
  return markup`<code class="since">sha256 ${sha256.slice(0, 16)}…</code>`;
}
