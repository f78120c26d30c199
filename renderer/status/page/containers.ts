import type { Report } from "../report.ts";
import { foreign, markup, type Content } from "./markup.ts";
import type { Table } from "./table.ts";
import { counted } from "./words.ts";

type Finding = Report["unrouted"][number];

const COLUMNS = ["Container", "Why", "What it says", "Docker host"];

/** Containers that are set aside because of what they say. */
export function asideTable({ quarantined }: Report): Table {
  return {
    kind: "containers",
    caption: `${counted(quarantined.length, "container")} set aside`,
    columns: COLUMNS,
    rows: quarantined.map(rowOf),
    none: "No container is set aside.",
  };
}

/** Containers that are routed, though something they say was dropped or guessed. */
export function remarkTable({ remarks }: Report): Table {
  return {
    kind: "containers",
    caption: `${counted(remarks.length, "remark")} on containers that are routed`,
    columns: COLUMNS,
    rows: remarks.map(rowOf),
    none: "There is nothing to remark on containers that are routed.",
  };
}

/** Containers that no target routes, for an ordinary reason. */
export function unroutedTable({ unrouted }: Report): Table {
  return {
    kind: "containers",
    caption: counted(unrouted.length, "container is not routed", "containers are not routed"),
    columns: COLUMNS,
    rows: unrouted.map(rowOf),
    none: "Every container is routed.",
  };
}

function rowOf({ name, id, host, detail, value }: Finding): Content[] {
  return [
    markup`${foreign(name)}<br><code class="since">${id.slice(0, 12)}</code>`,
    foreign(detail),
    value === undefined ? markup`<span class="since">–</span>` : markup`<code class="value">${foreign(value)}</code>`,
    foreign(host),
  ];
}
