import type { Report } from "../report.ts";
import { type Content, foreign, type Markup, markup } from "./markup.ts";
import { type Table } from "./table.ts";
import { badge, counted, type Level, moment } from "./words.ts";

type Host = Report["virtualHosts"][number];
type Path = Host["paths"][number];

const RANKS = { none: 0, part: 1, all: 2 };

/** Servers of one path from which on they are folded. */
const MANY_SERVERS = 5;

/** The virtual hosts: who answers for each, and if nobody does, why. */
export function hostTable({ virtualHosts, certificates, agents }: Report): Table {
  const worstFirst = virtualHosts.toSorted((a, b) => RANKS[isServed(a)] - RANKS[isServed(b)]);
  const manyDockers = agents.length > 1;
  return {
    kind: "hosts",
    caption: counted(virtualHosts.length, "virtual host"),
    columns: ["Host", "State", "Answered by", "Certificate"],
    rows: worstFirst.map((host) => [
      foreign(host.host),
      stateOf(host),
      [host.paths.map((path) => pathOf(path, { isOneOfMany: host.paths.length > 1, manyDockers })), waitingOf(host)],
      certificateOf(host, certificates),
    ]),
    none: "No container asks for a host yet.",
  };
}

/** Whether anybody answers for all of a host, for a part of it, or for nothing. */
export function isServed({ paths, redirectTo }: Host): "all" | "part" | "none" {
  if (redirectTo !== undefined) return "all";
  const served = paths.filter(({ servers }) => servers.length > 0).length;
  return served === 0 ? "none" : served === paths.length ? "all" : "part";
}

function stateOf(host: Host): Markup {
  if (host.redirectTo !== undefined) return badge("good", `sent on to ${host.redirectTo}`);
  switch (isServed(host)) {
    case "all":
      return badge("good", "served");
    case "part":
      return badge("warn", "partly served");
    case "none":
      return badge("bad", "503, no server");
  }
}

interface Around {
  readonly isOneOfMany: boolean;
  readonly manyDockers: boolean;
}

function pathOf({ path, protocol, servers }: Path, { isOneOfMany, manyDockers }: Around): Markup {
  const spoken = protocol === "http" ? "" : ` ${protocol}`;
  const name =
    (isOneOfMany || path !== "/" || spoken !== "") && markup`<p class="path"><code>${path}</code>${spoken}</p>`;
  if (servers.length === 0) return markup`${name}${isOneOfMany && markup`<p>${badge("bad", "no server")}</p>`}`;
  const list = markup`<ul class="servers">${servers.map((server) => serverOf(server, manyDockers))}</ul>`;
  if (servers.length < MANY_SERVERS) return markup`${name}${list}`;
  return markup`${name}<details><summary>${counted(servers.length, "server")}</summary>${list}</details>`;
}

function serverOf(
  { endpoint, container, dockerHost, health, startedAt, createdAt }: Path["servers"][number],
  manyDockers: boolean,
): Markup {
  const since = startedAt ?? createdAt;
  const facts: Content[] = [
    health !== undefined && badge(...healthOf(health)),
    since !== undefined && markup` <span class="since">since ${moment(since)}</span>`,
    manyDockers && dockerHost !== undefined && markup` <span class="since">on ${foreign(dockerHost)}</span>`,
  ];
  return markup`<li><strong>${foreign(container)}</strong> <code>${endpoint}</code> ${facts}</li>`;
}

function healthOf(health: string): [Level, string] {
  if (health === "healthy") return ["good", "healthy"];
  return health === "none" ? ["plain", "no health check"] : ["warn", health];
}

function waitingOf(host: Host): Content {
  const { waiting, redirectTo } = host;
  if (waiting.length === 0) {
    const isGone = redirectTo === undefined && isServed(host) === "none";
    return isGone && markup`<p>The containers that asked for it are gone.</p>`;
  }
  const list = waiting.map(
    ({ container, detail }) => markup`<li><strong>${foreign(container)}</strong> ${foreign(detail)}</li>`,
  );
  const title = `${counted(waiting.length, "container")} cannot answer now`;
  if (waiting.length < MANY_SERVERS) return markup`<p class="path">${title}</p><ul class="servers">${list}</ul>`;
  return markup`<details><summary>${title}</summary><ul class="servers">${list}</ul></details>`;
}

function certificateOf({ tls }: Host, certificates: Report["certificates"]): Content {
  if (!tls) return markup`<span class="since">none</span>`;
  const problem = certificates.find(({ name }) => name === tls.certificate)?.problem;
  return markup`${foreign(tls.certificate)}<br><span class="since">until <time datetime="${tls.until}">${tls.until}</time></span>${
    problem !== undefined && markup`<br>${badge("warn", "see below")}`
  }`;
}
