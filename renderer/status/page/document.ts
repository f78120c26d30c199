import type { Report } from "../report.ts";
import { counted } from "../format.ts";
import { summaryOf } from "../summary.ts";
import { agentTable } from "./agents.ts";
import { certificateTable, requestedTable } from "./certificates.ts";
import { filteredTable, nodeTable, quarantinedTable, serviceTable, unroutedTable, warningTable } from "./containers.ts";
import { badge, time } from "./elements.ts";
import { FILTER } from "./filter.ts";
import { hostTable } from "./hosts.ts";
import { type Content, type Markup, markup, untrusted } from "./markup.ts";
import { collapsibleTable, table } from "./table.ts";
import { targetTable } from "./targets.ts";

/** One version of the page. `at` is in milliseconds since the epoch. */
export interface Version {
  readonly at: number;
  /** Whether the renderer has stopped and writes no more versions. */
  readonly isLast: boolean;
}

/** nginx replaces this by the time of the response; elsewhere it is a comment. */
const SHOWN_AT = markup`<!--# echo var="sallyport_shown" default="" -->`;

/** Renders the page as one HTML document. It needs style.css and filter.js in the same directory. Pure. */
export function statusPage(report: Report, { at, isLast }: Version): string {
  const title = headline(report);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script src="filter.js" defer></script>
<title>${title} – Sallyport</title>
</head>
<body>
<a class="skip" href="#main">Skip to the status</a>
<header>
<div class="bar"><p class="name">Sallyport</p><p class="written">As of ${time(at)}${SHOWN_AT} <a href="./">Reload</a></p></div>
<h1>${title}</h1>
<p class="summary">${summaryOf(report)}</p>
${isLast && markup`<p class="stopped" role="note">${badge("warn", "The renderer has stopped")} This is its last status; nginx continues to serve the live configuration.</p>`}
</header>
${tiles(report)}
<main id="main" tabindex="-1">
${issueList(report)}${sections(report)}</main>
<footer>
<p>Updated on every change. Times are in UTC. As JSON: <a href="status.json">status.json</a>.</p>
</footer>
</body>
</html>
`.text;
}

function headline({ virtualHosts, attention }: Report): string {
  if (attention.length > 0) return `${counted(attention.length, "issue needs", "issues need")} attention`;
  return virtualHosts.length === 0 ? "No issues, no hosts yet" : "No issues";
}

function tiles({ virtualHosts, quarantined, unrouted, certificates, targets, agents }: Report): Markup {
  const live = targets.filter(({ pending }) => !pending).length;
  const connected = agents.filter((agent) => agent.connected).length;
  const links: readonly [section: string, figure: string, name: string][] = [
    ["hosts", String(virtualHosts.length), "Hosts"],
    ["containers", String(quarantined.length + unrouted.length), "Containers not routed"],
    ["certificates", String(certificates.length), "Certificates"],
    ["targets", `${live} of ${targets.length}`, "Targets live"],
    ["agents", `${connected} of ${agents.length}`, "Agents connected"],
  ];
  const list = links.map(
    ([id, figure, name]) => markup`<li><a href="#${id}"><span>${figure}</span> ${name}</a></li>
`,
  );
  return markup`<nav aria-label="Sections"><ul>
${list}</ul></nav>`;
}

function issueList({ attention }: Report): Content {
  if (attention.length === 0) return undefined;
  const list = attention.map(({ level, section: where, text }) => {
    const label = level === "error" ? badge("bad", "Error") : badge("warn", "Warning");
    return markup`<li>${label} <a href="#${where}">${untrusted(text)}</a></li>
`;
  });
  return section("attention", "Needs attention", [
    markup`<ul class="issues">
${list}</ul>`,
  ]);
}

function sections(report: Report): Content {
  return [
    section("hosts", "Hosts", [report.virtualHosts.length > 1 && FILTER, table(hostTable(report))]),
    section("containers", "Containers", [
      table(quarantinedTable(report)),
      collapsibleTable(warningTable(report)),
      collapsibleTable(unroutedTable(report)),
      collapsibleTable(filteredTable(report)),
    ]),
    report.services.length > 0 &&
      section("services", "Swarm services", [
        collapsibleTable(serviceTable(report)),
        collapsibleTable(nodeTable(report)),
      ]),
    section("certificates", "Certificates", [
      collapsibleTable(certificateTable(report)),
      report.requestedCertificates.length > 0 && collapsibleTable(requestedTable(report)),
    ]),
    section("targets", "Targets", [table(targetTable(report))]),
    section("agents", "Agents", [table(agentTable(report))]),
  ];
}

function section(id: string, heading: string, parts: readonly Content[]): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${parts}</section>
`;
}
