import { requestedState } from "../acme.ts";
import { counted } from "../format.ts";
import type { Report } from "../report.ts";
import { badge } from "./elements.ts";
import { type Markup, markup, untrusted } from "./markup.ts";
import type { Table } from "./table.ts";

export function certificateTable({ certificates }: Report): Table {
  return {
    kind: "certificates",
    caption: counted(certificates.length, "certificate"),
    columns: ["Certificate", "Status", "Expires", "Host names"],
    rows: certificates.map((one) => [
      untrusted(one.name),
      statusOf(one),
      one.expires === undefined ? "unknown" : markup`<time datetime="${one.expires}">${one.expires}</time>`,
      one.hosts.length === 0
        ? "none"
        : markup`<ul class="names">${one.hosts.map((name) => markup`<li>${untrusted(name)}</li>`)}</ul>`,
    ]),
    empty: "There are no certificates.",
  };
}

/** The certificates that hosts request from an ACME authority. */
export function requestedTable({ requestedCertificates }: Report): Table {
  return {
    kind: "requested",
    caption: counted(requestedCertificates.length, "requested certificate"),
    columns: ["Certificate", "Status", "Expires"],
    rows: requestedCertificates.map((one) => [
      untrusted(one.name),
      markup`${badge(LEVELS[one.state], one.state)} <p>${untrusted(requestedState(one))}</p>`,
      one.expires === undefined ? "none" : markup`<time datetime="${one.expires}">${one.expires}</time>`,
    ]),
    empty: "No certificates are requested.",
  };
}

const LEVELS = { pending: "warn", issued: "good", failed: "bad", foreign: "good", refused: "warn" } as const;

function statusOf({ error, warning, daysLeft = 0 }: Report["certificates"][number]): Markup {
  if (error !== undefined) return markup`${badge("bad", "unusable")} <p>${untrusted(error)}</p>`;
  if (daysLeft < 0) return badge("bad", "expired, renew it");
  const left = `${counted(daysLeft, "day")} left`;
  return warning === undefined ? badge("good", left) : badge("warn", `${left}, renew it`);
}
