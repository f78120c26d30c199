import { trailFiles } from "./audit.ts";
import { readRecord } from "./audit-record.ts";
import { fileLines } from "./audit-verify.ts";

/** One line of the report: what happened, how often, first and last. */
interface Row {
  readonly what: string;
  readonly detail: string;
  count: number;
  first: string;
  last: string;
}

/**
 * The trail as a table for people: agents that ran, connections, what was disclosed of which
 * container, what was refused, requests made of Docker. Says nothing about whether it is genuine.
 */
export function reportTrail(directory: string): string | { problem: string } {
  const rows = new Map<string, Row>();
  try {
    countRecords(directory, rows);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    return { problem: `${path ?? directory}: ${code}; read it as the agent's user` };
  }
  return print([...rows.values()].toSorted((a, b) => (a.what + a.detail < b.what + b.detail ? -1 : 1)));
}

function countRecords(directory: string, rows: Map<string, Row>): void {
  for (const file of trailFiles(directory)) {
    for (const { text } of fileLines(file)) {
      const record = readRecord(text);
      if (record)
        for (const [what, detail] of entries(record.body)) count(rows, what, detail, String(record.body["ts"]));
    }
  }
}

type Body = Readonly<Record<string, unknown>>;

function entries(body: Body): [what: string, detail: string][] {
  const reason = String(body["reason"]);
  switch (String(body["event"])) {
    case "start":
      return [["agent started", `uid ${String(body["uid"])}, program ${String(body["program_sha256"]).slice(0, 12)}`]];
    case "policy":
      return [["policy in force", `${String(body["policy_sha256"]).slice(0, 12)}, mode ${String(body["mode"])}`]];
    case "rpc.connect":
      return [["connection accepted", ""]];
    case "disclosure":
      return disclosed(body["told"]);
    case "docker.request":
      return [["docker request", `GET ${String(body["route"])}: ${reason}`]];
    case "docker.denied":
    case "rpc.violation":
    case "rpc.refused":
      return [["refused", `${String(body["event"])}: ${reason}`]];
    case "audit.gap":
      return [["records lost", String(body["missed"])]];
    default:
      return [];
  }
}

function disclosed(told: unknown): [string, string][] {
  const groups = Array.isArray(told) ? (told as Body[]) : [];
  return groups.flatMap((group) => {
    const names = [...asList(group["env"]), ...asList(group["labels"])].join(" ") || "(state, networks and ports only)";
    return asList(group["of"]).map((id): [string, string] => [`disclosed of ${id}`, names]);
  });
}

function asList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function count(rows: Map<string, Row>, what: string, detail: string, at: string): void {
  const row = rows.get(`${what}\n${detail}`);
  if (row) {
    row.count += 1;
    row.last = at;
  } else rows.set(`${what}\n${detail}`, { what, detail, count: 1, first: at, last: at });
}

function print(rows: readonly Row[]): string {
  const width = Math.max(4, ...rows.map(({ what }) => what.length));
  const head = `${"WHAT".padEnd(width)}  ${"TIMES".padStart(7)}  ${"FIRST".padEnd(24)}  ${"LAST".padEnd(24)}  DETAIL`;
  const lines = rows.map(
    ({ what, detail, count, first, last }) =>
      `${what.padEnd(width)}  ${String(count).padStart(7)}  ${first.padEnd(24)}  ${last.padEnd(24)}  ${detail}`,
  );
  return [head, ...lines].join("\n");
}
