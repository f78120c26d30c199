import type { Answer } from "../answer.ts";
import { readTrail, unreadable } from "./read-trail.ts";

/** One line of the report: what happened, how often, first and last. */
interface Row {
  readonly what: string;
  readonly detail: string;
  count: number;
  readonly first: string;
  last: string;
}

/**
 * The trail as a table for people: agents that ran, connections, what was disclosed of which
 * container, what was refused, requests made of Docker. Says nothing about whether it is genuine.
 */
export function reportTrail(directory: string): Answer {
  const rows = new Map<string, Row>();
  try {
    for (const { record } of readTrail(directory)) {
      if (!record) continue;
      const last = String(record.body["ts"]);
      for (const [what, detail] of entries(record.body)) {
        const { count = 0, first = last } = rows.get(`${what}\n${detail}`) ?? {};
        rows.set(`${what}\n${detail}`, { what, detail, count: count + 1, first, last });
      }
    }
  } catch (error) {
    return { failure: unreadable(directory, error), exitCode: 3 };
  }
  const sorted = [...rows.values()].toSorted((a, b) => (a.what + a.detail < b.what + b.detail ? -1 : 1));
  return { text: print(sorted), exitCode: 0 };
}

type Body = Readonly<Record<string, unknown>>;

function entries(body: Body): [what: string, detail: string][] {
  const told = (name: string, length?: number): string => String(body[name]).slice(0, length);
  switch (told("event")) {
    case "start":
      return [["agent started", `uid ${told("uid")}, program ${told("program_sha256", 12)}`]];
    case "policy":
      return [["policy in force", `${told("policy_sha256", 12)}, mode ${told("mode")}`]];
    case "rpc.connect":
      return [["connection accepted", ""]];
    case "disclosure":
      return list(body["told"]).flatMap((group) => disclosed(group as Body));
    case "docker.request":
      return [["docker request", `GET ${told("route")}: ${told("reason")}`]];
    case "docker.denied":
    case "rpc.violation":
    case "rpc.refused":
      return [["refused", `${told("event")}: ${told("reason")}`]];
    case "audit.gap":
      return [["records lost", told("missed")]];
    default:
      return [];
  }
}

function disclosed({ env, labels, of }: Body): [string, string][] {
  const names = [...list(env), ...list(labels)].join(" ") || "(state, networks and ports only)";
  return list(of).map((id) => [`disclosed of ${String(id)}`, names]);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function print(rows: readonly Row[]): string {
  const width = Math.max(4, ...rows.map(({ what }) => what.length));
  const line = (what: string, count: number | string, first: string, last: string, detail: string): string =>
    `${what.padEnd(width)}  ${String(count).padStart(7)}  ${first.padEnd(24)}  ${last.padEnd(24)}  ${detail}`;
  const lines = rows.map(({ what, count, first, last, detail }) => line(what, count, first, last, detail));
  return [line("WHAT", "TIMES", "FIRST", "LAST", "DETAIL"), ...lines].join("\n");
}
