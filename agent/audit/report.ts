import { asciiJson } from "../../shared/log.ts";
import { readLines, trailFiles } from "../audit-files.ts";
import { readRecord } from "../audit-record.ts";
import type { CommandResult } from "../command-result.ts";
import { failure } from "./verify.ts";

/** Rows of the table. Further ones are counted in one row, because a trail may contain any number of containers. */
const MAX_ROWS = 10_000;

/** Longest details of a row and longest time, in characters: longer ones, as in a forged trail, are cut. */
const [MAX_DETAILS, MAX_TIME] = [2_000, 24];

/** Number of occurrences, first and last time. */
type Row = Readonly<{ count: number; first: string; last: string }>;
type Body = Readonly<Record<string, unknown>>;

/**
 * Summarizes the trail as a table: agent starts, connections, disclosures by container, refusals, requests to
 * Docker. Does not verify the trail.
 */
export function reportTrail(directory: string): CommandResult {
  const rows = new Map<string, Row>();
  try {
    const files = trailFiles(directory);
    if (files.length === 0) throw new Error(`${asciiJson(directory)} contains no audit trail`);
    for (const file of files) for (const { bytes } of readLines(file)) count(rows, readRecord(bytes) ?? {});
  } catch (error) {
    return failure(directory, error);
  }
  return { output: print([...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))), exitCode: 0 };
}

function count(rows: Map<string, Row>, record: Body): void {
  const last = copyOf(printable(record["ts"]), MAX_TIME);
  for (const [event, details] of entries(record)) {
    const wanted = copyOf(`${event}\n${details}`, MAX_DETAILS);
    const key = rows.has(wanted) || rows.size < MAX_ROWS ? wanted : "further rows\n";
    const { count, first } = rows.get(key) ?? { count: 0, first: last };
    rows.set(key, { count: count + 1, first, last });
  }
}

/** Returns the beginning of a text. A part of a string keeps the whole string in memory, so this is a copy. */
function copyOf(text: string, length: number): string {
  return Buffer.from(text.slice(0, length), "latin1").toString("latin1");
}

function entries(body: Body): [event: string, details: string][] {
  const text = (name: string, length?: number): string => printable(body[name]).slice(0, length);
  switch (text("event")) {
    case "start":
      return [["agent started", `uid ${text("uid")}, program ${text("program_sha256", 12)}`]];
    case "policy":
      return [["policy loaded", `${text("policy_sha256", 12)}, mode ${text("mode")}`]];
    case "rpc.connect":
      return [["connection accepted", ""]];
    case "disclosure":
      return list(body["disclosed"]).flatMap((group) => disclosures(bodyOf(group)));
    case "docker.request":
      return [["Docker request", `GET ${text("route")}: ${text("reason")}`]];
    case "docker.denied":
    case "rpc.violation":
    case "rpc.refused":
      return [["request refused", `${text("event")}: ${text("reason")}`]];
    case "audit.gap":
      return [["records lost", text("missed")]];
    default:
      return [];
  }
}

function bodyOf(value: unknown): Body {
  return typeof value === "object" && value !== null ? (value as Body) : {};
}

function disclosures({ env, labels, refused, of }: Body): [string, string][] {
  const names = [env, labels, refused].flatMap(list).map(printable).join(" ") || "(only state, networks and ports)";
  return list(of).map((id) => [`container ${printable(id)} disclosed`, names]);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function print(rows: readonly [key: string, Row][]): string {
  const lines = rows.map(([key, { count, first, last }]) => {
    const [event = "", details = ""] = key.split("\n");
    return line(event, String(count), first, last, details);
  });
  return [line("EVENT", "COUNT", "FIRST", "LAST", "DETAILS"), ...lines].join("\n");
}

function line(event: string, count: string, first: string, last: string, details: string): string {
  return [event.padEnd(32), count.padStart(7), first.padEnd(24), last.padEnd(24), details].join("  ");
}

/** Returns a text or a number in printable ASCII, for a terminal. A forged record may contain anything else, which is omitted. */
function printable(value: unknown): string {
  if (typeof value === "string") return asciiJson(value).slice(1, -1);
  return typeof value === "number" ? String(value) : "";
}
