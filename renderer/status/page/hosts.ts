import { counted } from "../format.ts";
import { availabilityOf, closuresOf, type Report, type VirtualHostReport } from "../report.ts";
import { badge, type Level, time } from "./elements.ts";
import { type Content, type Markup, markup, untrusted, visible } from "./markup.ts";
import type { Table } from "./table.ts";

type Path = VirtualHostReport["paths"][number];

const RANKS = { none: 0, some: 1, all: 2 };

/** Length from which a list of servers or containers is collapsed. */
const COLLAPSE_FROM = 5;

/** The virtual hosts with their upstream servers, unavailable hosts first. */
export function hostTable({ virtualHosts, certificates, agents }: Report): Table {
  const hasSeveralDockerHosts = agents.length > 1;
  const sorted = virtualHosts.toSorted((a, b) => RANKS[availabilityOf(a)] - RANKS[availabilityOf(b)]);
  return {
    kind: "hosts",
    caption: counted(virtualHosts.length, "virtual host"),
    columns: ["Host", "Status", "Servers", "Certificate"],
    attributes: sorted.map(
      (host) =>
        markup` data-state="${stateOf(host)[1]}"${host.owner !== undefined && markup` data-owner="${visible(host.owner)}"`}`,
    ),
    rows: sorted.map((host) => [
      markup`${untrusted(host.host)}${host.owner !== undefined && markup`<br><span class="since">${untrusted(host.owner)}</span>`}`,
      statusOf(host),
      [
        closuresOf(host).map((reason) => markup`<p>${untrusted(reason)}</p>`),
        host.paths.map((path) => pathOf(path, { isOnly: host.paths.length === 1, hasSeveralDockerHosts })),
        unavailableOf(host),
      ],
      certificateOf(host, certificates),
    ]),
    empty: "No container requests a host yet.",
  };
}

function statusOf(host: VirtualHostReport): Markup {
  const [level, state] = stateOf(host);
  return badge(level, host.redirectTo === undefined ? state : `redirects to ${host.redirectTo}`);
}

function stateOf(host: VirtualHostReport): [Level, string] {
  if (host.redirectTo !== undefined) return ["good", "redirects"];
  if (closuresOf(host).length > 0) return ["bad", "503, closed"];
  switch (availabilityOf(host)) {
    case "all":
      return ["good", "routed"];
    case "some":
      return ["warn", "partly unavailable"];
    case "none":
      return ["bad", "503, unavailable"];
  }
}

interface PathContext {
  readonly isOnly: boolean;
  readonly hasSeveralDockerHosts: boolean;
}

function pathOf({ path, protocol, servers }: Path, { isOnly, hasSeveralDockerHosts }: PathContext): Markup {
  const scheme = protocol === "http" ? "" : ` ${protocol}`;
  const isNamed = !isOnly || path !== "/" || scheme !== "";
  const name = isNamed && markup`<p class="path"><code>${path}</code>${scheme}</p>`;
  if (servers.length === 0) return markup`${name}${!isOnly && markup`<p>${badge("bad", "unavailable")}</p>`}`;
  const list = servers.map((server) => serverOf(server, hasSeveralDockerHosts));
  return markup`${name}${collapsible(counted(servers.length, "server"), list)}`;
}

/** The title is shown only where the list is collapsed. */
function collapsible(title: string, elements: readonly Markup[]): Markup {
  const list = markup`<ul class="servers">${elements}</ul>`;
  if (elements.length < COLLAPSE_FROM) return list;
  return markup`<details><summary>${title}</summary>${list}</details>`;
}

function serverOf(
  { endpoint, container, dockerHost, node, health, startedAt, createdAt }: Path["servers"][number],
  hasSeveralDockerHosts: boolean,
): Markup {
  const since = startedAt ?? createdAt;
  const facts: Content[] = [
    health !== undefined && badge(...healthOf(health)),
    since !== undefined && markup` <span class="since">since ${time(since)}</span>`,
    hasSeveralDockerHosts &&
      dockerHost !== undefined &&
      markup` <span class="since">on ${untrusted(dockerHost)}</span>`,
    node !== undefined && markup` <span class="since">on node ${untrusted(node)}</span>`,
  ];
  return markup`<li><strong>${untrusted(container)}</strong> <code>${endpoint}</code> ${facts}</li>`;
}

function healthOf(health: string): [Level, string] {
  if (health === "healthy") return ["good", "healthy"];
  return health === "none" ? ["plain", "no health check"] : ["warn", health];
}

function unavailableOf(host: VirtualHostReport): Content {
  const { unavailable } = host;
  const isGone = availabilityOf(host) === "none" && closuresOf(host).length === 0;
  if (unavailable.length === 0) return isGone && markup`<p>Its containers are gone.</p>`;
  const list = unavailable.map(
    ({ container, reason }) => markup`<li><strong>${untrusted(container)}</strong> ${untrusted(reason)}</li>`,
  );
  const title = `${counted(unavailable.length, "container")} unavailable`;
  return [unavailable.length < COLLAPSE_FROM && markup`<p class="path">${title}</p>`, collapsible(title, list)];
}

function certificateOf({ tls }: VirtualHostReport, certificates: Report["certificates"]): Content {
  if (!tls) return markup`<span class="since">none</span>`;
  const isExpiring = certificates.some(({ name, warning }) => name === tls.certificate && warning !== undefined);
  return markup`${untrusted(tls.certificate)}<br><span class="since">until <time datetime="${tls.expires}">${tls.expires}</time></span>${
    isExpiring && markup`<br>${badge("warn", "see below")}`
  }`;
}
