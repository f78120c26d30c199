import type { CommandResult } from "../command-result.ts";
import { readTrail, unreadable } from "./read-trail.ts";

/** Number of occurrences, first and last time. */
type Row = Readonly<{ count: number; first: string; last: string }>;

/**
 * Summarizes the trail as a table: agent starts, connections, disclosures by container, refusals, requests to
 * Docker. Does not verify the trail.
 */
export function reportTrail(directory: string): CommandResult {
  const rows = new Map<string, Row>();
  try {
    for (const { record } of readTrail(directory)) {
      if (!record) continue;
      const last = String(record.body["ts"]);
      for (const [event, details] of entries(record.body)) {
        const key = `${event}\n${details}`;
        const { count, first } = rows.get(key) ?? { count: 0, first: last };
        rows.set(key, { count: count + 1, first, last });
      }
    }
  } catch (error) {
    return { failure: unreadable(directory, error), exitCode: 3 };
  }
  return { output: print([...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))), exitCode: 0 };
}

type Body = Readonly<Record<string, unknown>>;

function entries(body: Body): [event: string, details: string][] {
  const text = (name: string, length?: number): string => String(body[name]).slice(0, length);
  switch (text("event")) {
    case "start":
      return [["agent started", `uid ${text("uid")}, program ${text("program_sha256", 12)}`]];
    case "policy":
      return [["policy loaded", `${text("policy_sha256", 12)}, mode ${text("mode")}`]];
    case "rpc.connect":
      return [["connection accepted", ""]];
    case "disclosure":
      return list(body["told"]).flatMap((group) => disclosures(group as Body));
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

function disclosures({ env, labels, of }: Body): [string, string][] {
  const names = [...list(env), ...list(labels)].join(" ") || "(only state, networks and ports)";
  return list(of).map((id) => [`container ${String(id)} disclosed`, names]);
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
