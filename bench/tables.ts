import type { Measured } from "./measure.ts";
import { type Goal, isReached } from "./numbers.ts";
import { median, quantile } from "./statistics.ts";

/** Returns a Markdown table. The first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}

/** Returns a table of all measurements, with a row per subject and number of containers. */
export function measurements(all: readonly Measured[]): string {
  const head = [
    "containers",
    "program",
    "start → file",
    "p99",
    "stop → file",
    "p99",
    "CPU per event",
    "first file",
    "memory",
  ];
  const rows = all.map((one) => [
    one.count.toLocaleString("en"),
    one.subject,
    `${median(one.startMs).toFixed(1)} ms`,
    `${quantile(one.startMs, 0.99).toFixed(1)} ms`,
    `${median(one.stopMs).toFixed(1)} ms`,
    `${quantile(one.stopMs, 0.99).toFixed(1)} ms`,
    `${one.cpuMsPerEvent.toFixed(1)} ms`,
    `${one.firstFileMs.toFixed(0)} ms`,
    Object.entries(one.residentMiB)
      .map(([name, mib]) => `${name} ${mib.toFixed(0)} MiB`)
      .join(", "),
  ]);
  return table([head, ...rows]);
}

/** Returns a table of the Docker requests and the bytes on the socket for one event of each kind. */
export function requests(all: readonly Measured[]): string {
  const kinds = Object.keys(all[0]?.traffic.requests ?? {});
  const rows = all.map((one) => [
    one.count.toLocaleString("en"),
    one.subject,
    ...kinds.map((kind) => `${one.traffic.requests[kind]} (${kilobytes(one.traffic.bytes[kind] ?? 0)})`),
  ]);
  return table([["containers", "program", ...kinds], ...rows]);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toLocaleString("en", { maximumFractionDigits: 1 })} kB`;
}

/** Returns a table of the goals and whether they were reached. */
export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => [
    goal.what,
    show(goal.measured, goal.unit),
    `≤ ${show(goal.allowed, goal.unit)}`,
    isReached(goal) ? "yes" : "**no**",
  ]);
  return table([["metric", "measured", "goal", "reached"], ...rows]);
}

function show(value: number, unit: string): string {
  const digits = unit === "" || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit}`.trim();
}
