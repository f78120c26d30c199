import type { Report } from "../report.ts";
import { agentTable } from "./agents.ts";
import { type Finding, findingsOf } from "./attention.ts";
import { certificateTable } from "./certificates.ts";
import { asideTable, remarkTable, unroutedTable } from "./containers.ts";
import { hostTable, isServed } from "./hosts.ts";
import { type Content, type Markup, markup } from "./markup.ts";
import { foldable, table } from "./table.ts";
import { targetTable } from "./targets.ts";
import { badge, counted, moment } from "./words.ts";

/** When the page was written, in milliseconds since the epoch, and whether it is the renderer's last word. */
export interface Writing {
  readonly at: number;
  readonly isLast: boolean;
}

/** What nginx puts the time of the answer in place of; elsewhere it is a comment. */
const SHOWN_AT = markup`<!--# echo var="sallyport_shown" default="" -->`;

/** Pure: the page as one HTML document. Needs style.css beside it, and no script. */
export function statusPage(report: Report, { at, isLast }: Writing): string {
  const findings = findingsOf(report);
  const head = headline(report, findings);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<title>${head} – Sallyport</title>
</head>
<body>
<a class="skip" href="#main">Skip to the status</a>
<header>
<div class="bar"><p class="name">Sallyport</p><p class="written">As of ${moment(at)}${SHOWN_AT} <a href="./">Reload</a></p></div>
<h1>${head}</h1>
<p class="summary">${summary(report)}</p>
${isLast && markup`<p class="stopped" role="note">${badge("warn", "The renderer has stopped")} This is how things stood then; nginx goes on serving it.</p>`}
</header>
${tiles(report)}
<main id="main" tabindex="-1">
${attention(findings)}${sections(report)}</main>
<footer>
<p>Written whenever something changes. Times are UTC. The same as JSON: <a href="status.json">status.json</a>.</p>
</footer>
</body>
</html>
`.text;
}

function headline({ virtualHosts }: Report, findings: readonly Finding[]): string {
  if (findings.length > 0) return `${counted(findings.length, "thing needs", "things need")} attention`;
  return virtualHosts.length === 0 ? "All is well, no host yet" : "All is well";
}

function summary({ virtualHosts, quarantined, unrouted }: Report): string {
  const without = virtualHosts.filter((host) => isServed(host) === "none").length;
  return `${[
    `${counted(virtualHosts.length - without, "host")} served`,
    ...(without > 0 ? [`${without} without a server`] : []),
    ...(quarantined.length > 0 ? [`${counted(quarantined.length, "container")} set aside`] : []),
    `${counted(unrouted.length, "container")} not routed`,
  ].join(", ")}.`;
}

function tiles({ virtualHosts, quarantined, unrouted, certificates, targets, agents }: Report): Markup {
  const live = targets.filter(({ pending }) => !pending).length;
  const there = agents.filter(({ connected }) => connected).length;
  const links: readonly [section: string, figure: string, name: string][] = [
    ["hosts", String(virtualHosts.length), "Hosts"],
    ["containers", String(quarantined.length + unrouted.length), "Containers left out"],
    ["certificates", String(certificates.length), "Certificates"],
    ["files", `${live} of ${targets.length}`, "Files live"],
    ["agents", `${there} of ${agents.length}`, "Agents connected"],
  ];
  const list = links.map(
    ([section, figure, name]) => markup`<li><a href="#${section}"><span>${figure}</span> ${name}</a></li>
`,
  );
  return markup`<nav aria-label="Sections"><ul>
${list}</ul></nav>`;
}

function attention(findings: readonly Finding[]): Content {
  if (findings.length === 0) return undefined;
  const list = findings.map(
    ({
      level,
      section,
      text,
    }) => markup`<li>${badge(level, level === "bad" ? "Fault" : "Note")} <a href="#${section}">${text}</a></li>
`,
  );
  return section("attention", "Needs attention", [
    markup`<ul class="findings">
${list}</ul>`,
  ]);
}

function sections(report: Report): Content {
  return [
    section("hosts", "Hosts", [table(hostTable(report))]),
    section("containers", "Containers left out", [
      table(asideTable(report)),
      foldable(remarkTable(report)),
      foldable(unroutedTable(report)),
    ]),
    section("certificates", "Certificates", [foldable(certificateTable(report))]),
    section("files", "Files", [table(targetTable(report))]),
    section("agents", "Agents", [table(agentTable(report))]),
  ];
}

function section(id: string, heading: string, parts: readonly Content[]): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${parts}</section>
`;
}
