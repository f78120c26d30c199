import { createHash } from "node:crypto";
import { encodeFrame, MAX_RESPONSE_BYTES } from "../shared/frame.ts";
import type { Notification, NotificationParams } from "../shared/rpc.ts";
import type { Container, Containers } from "../shared/snapshot.ts";
import type { AuditTrail } from "./audit.ts";

/** Containers in one part of a snapshot, in bytes of JSON; leaves room for the rest of the frame. */
const PART_BYTES = MAX_RESPONSE_BYTES - 64 * 1024;

/** Turns what may be told into frames, each recorded in the trail before it can be sent. */
export class Disclosure {
  readonly #audit: AuditTrail;
  readonly #instance: string;

  constructor(audit: AuditTrail, instance: string) {
    this.#audit = audit;
    this.#instance = instance;
  }

  /** The parts of a complete snapshot, made one by one as they are taken. */
  *snapshot(connection: number, containers: Containers, generation: number): Generator<Buffer> {
    const parts = split([...containers.values()]);
    for (const [part, some] of parts.entries()) {
      const anchor = this.#record(connection, generation, some, []);
      const head = { instance: this.#instance, generation, part, parts: parts.length };
      yield notification("snapshot.part", { ...head, containers: some, anchor });
    }
  }

  /** One frame with the current records of `ids`, or undefined when they do not fit one. */
  delta(
    connection: number,
    containers: Containers,
    span: { base: number; generation: number },
    ids: ReadonlySet<string>,
  ): Buffer | undefined {
    const upserted = [...ids].flatMap((id) => containers.get(id) ?? []);
    const removed = [...ids].filter((id) => !containers.has(id));
    if (split(upserted).length > 1) return undefined;
    const anchor = this.#record(connection, span.generation, upserted, removed);
    return notification("snapshot.delta", { instance: this.#instance, ...span, upserted, removed, anchor });
  }

  #record(conn: number, generation: number, upserted: Container[], removed: string[]): AuditTrail["head"] {
    const anchor = this.#audit.head;
    const sha256 = createHash("sha256").update(JSON.stringify(upserted)).digest("hex");
    const gone = removed.map((id) => id.slice(0, 12));
    const withheld = upserted.reduce((sum, { withheld: { env, labels } }) => sum + env + labels, 0);
    this.#audit.append("disclosure", "allow", "ok", {
      conn,
      generation,
      containers: upserted.length,
      told: byNames(upserted),
      withheld,
      ...(gone.length > 0 && { gone }),
      containers_sha256: sha256,
    });
    return anchor;
  }
}

/** A notification's frame. */
export function notification<N extends Notification>(method: N, params: NotificationParams<N>): Buffer {
  return encodeFrame(JSON.stringify({ jsonrpc: "2.0", method, params }), MAX_RESPONSE_BYTES);
}

/** Which names of which containers, those with the same names together: exact and short. */
function byNames(containers: readonly Container[]): { env: string[]; labels: string[]; of: string[] }[] {
  const groups = new Map<string, { env: string[]; labels: string[]; of: string[] }>();
  for (const { id, env, labels } of containers) {
    const names = { env: Object.keys(env), labels: Object.keys(labels) };
    const key = JSON.stringify(names);
    const group = groups.get(key) ?? { ...names, of: [] };
    groups.set(key, group);
    group.of.push(id.slice(0, 12));
  }
  return [...groups.values()];
}

function split(containers: readonly Container[]): Container[][] {
  const parts: Container[][] = [[]];
  let bytes = 0;
  for (const container of containers) {
    const size = Buffer.byteLength(JSON.stringify(container)) + 1;
    if (bytes + size > PART_BYTES && parts.at(-1)!.length > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(container);
    bytes += size;
  }
  return parts;
}
