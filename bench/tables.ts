import type { Measured } from "./measure.ts";
import { type Finding, isKept } from "./numbers.ts";
import { median, quantile } from "./statistics.ts";

/** A Markdown table; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}

/** All measurements, a row for each subject and number of containers. */
export function measurements(all: readonly Measured[]): string {
  const head = [
    "containers",
    "program",
    "start → file",
    "p99",
    "stop → file",
    "p99",
    "CPU an event",
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

/** Docker requests for one event of each kind, and the bytes on the socket. */
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

/** What was to be reached, and whether it was. */
export function verdicts(found: readonly Finding[]): string {
  const rows = found.map((finding) => [
    finding.what,
    show(finding.measured, finding.unit),
    `≤ ${show(finding.allowed, finding.unit)}`,
    isKept(finding) ? "yes" : "**no**",
  ]);
  return table([["number", "measured", "goal", "reached"], ...rows]);
}

function show(value: number, unit: string): string {
  const digits = unit === "" || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit}`.trim();
}
