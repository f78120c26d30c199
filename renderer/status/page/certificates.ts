import type { Report } from "../report.ts";
import { foreign, type Markup, markup } from "./markup.ts";
import type { Table } from "./table.ts";
import { badge, counted } from "./words.ts";

type Certificate = Report["certificates"][number];

/** The certificates: what for, how long, and what is wrong with them. */
export function certificateTable({ certificates }: Report): Table {
  return {
    kind: "certificates",
    caption: counted(certificates.length, "certificate"),
    columns: ["Certificate", "State", "Good until", "Stands for"],
    rows: certificates.map((one) => [
      foreign(one.name),
      stateOf(one),
      one.until === undefined ? "unknown" : markup`<time datetime="${one.until}">${one.until}</time>`,
      one.names.length === 0
        ? "nothing"
        : markup`<ul class="names">${one.names.map((name) => markup`<li>${foreign(name)}</li>`)}</ul>`,
    ]),
    none: "There is no certificate.",
  };
}

function stateOf({ problem, daysLeft }: Certificate): Markup {
  if (daysLeft === undefined) return markup`${badge("bad", "not usable")} <p>${foreign(problem ?? "")}</p>`;
  if (daysLeft < 0) return badge("bad", "expired, renew it");
  const left = `${counted(daysLeft, "day")} left`;
  return problem === undefined ? badge("good", left) : badge("warn", `${left}, renew it`);
}
