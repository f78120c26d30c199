import { HashRange, parseCheckpoint } from "../shared/merkle.ts";

/** Recorded events: every use of the Docker socket, every disclosure, connections, start and stop. */
export type AuditEvent =
  | "start"
  | "stop"
  | "policy"
  | "disclosure"
  | `docker.${"request" | "denied" | "state"}`
  | `rpc.${"connect" | "close" | "violation" | "refused"}`
  | `audit.${"file" | "resume" | "checkpoint" | "damaged" | "gap"}`;

/** Event-specific fields of a record. Contains disclosed names and counts, never values. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** Parses a line, verifying nothing. Returns undefined if it is not a record. */
export function readRecord(bytes: Buffer): { readonly [name: string]: unknown; readonly seq: number } | undefined {
  try {
    const record = JSON.parse(bytes.toString("latin1")) as { seq?: unknown } | null;
    return Number.isSafeInteger(record?.seq) ? (record as { seq: number }) : undefined;
  } catch {
    return undefined;
  }
}

/** The tree before a file, from the file's first record; `checkpoint` is its signed form, absent from the first file. */
export interface FileHeader {
  readonly tree: HashRange;
  readonly checkpoint: string | undefined;
  /** Sequence number of the first record that was not pruned. */
  readonly first: number;
}

/** Returns the header in a record, if its tree matches its checkpoint. The signature is not verified. */
export function fileHeader(record: ReturnType<typeof readRecord>): FileHeader | undefined {
  if (record?.["event"] !== "audit.file") return undefined;
  const { seq, edge, checkpoint, first } = record as { seq: number } & Record<string, unknown>;
  const tree = isTexts(edge) ? HashRange.of(0, seq - 1, edge) : undefined;
  if (!tree || typeof first !== "number") return undefined;
  if (seq === 1 && checkpoint === undefined) return { tree, checkpoint, first };
  return typeof checkpoint === "string" && isCheckpointOf(tree, checkpoint) ? { tree, checkpoint, first } : undefined;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** Whether size and root of the checkpoint are those of the tree. */
export function isCheckpointOf(tree: HashRange, checkpoint: string): boolean {
  const parsed = parseCheckpoint(checkpoint);
  return parsed?.size === tree.end && parsed.root === tree.root().toString("base64");
}
