import { MAX_RESPONSE_BYTES } from "../shared/frame.ts";
import type { Notification, NotificationParams } from "../shared/rpc.ts";
import type { Container } from "../shared/snapshot.ts";
import type { AuditTrail } from "./audit.ts";
import type { Connection } from "./connection.ts";
import type { Disclosed } from "./disclosed.ts";

/** Maximum size of the containers in one part of a snapshot, in bytes of JSON. Leaves room for the frame's other fields. */
const PART_BYTES = MAX_RESPONSE_BYTES - 64 * 1024;

/** The state to send, and the trail that records it before it is sent. */
export interface Source {
  readonly instance: string;
  readonly disclosed: Disclosed;
  readonly audit: AuditTrail;
}

/**
 * Sends Docker's state, the complete snapshot and then changes, until the connection closes. Builds no message
 * while the peer's buffer is full, so a slow peer costs no memory and receives the latest state. `since` is the
 * generation that the peer has, or 0.
 */
export function feed(connection: Connection, source: Source, since: number): void {
  const { socket } = connection;
  if (!socket.writable) return;
  const pending = messages(connection.number, source, since);
  const pump = (): void => {
    while (socket.writable && !socket.writableNeedDrain) {
      const message = pending.next().value;
      if (!message) return;
      connection.send(message);
    }
  };
  socket.on("drain", pump);
  socket.on("close", source.disclosed.onChange(pump));
  pump();
}

/**
 * Sends the last checkpoint of the trail and each new one, with hashes that prove that it extends the previous one.
 * `since` is the size of the last tree that the peer knows, or 0.
 */
export function feedCheckpoints(connection: Connection, { instance, audit }: Source, since: number): void {
  let sent = Promise.resolve(since);
  const send = async (since: number): Promise<number> => {
    const proof = await audit.prove(since);
    connection.send(notification("audit.checkpoint", { instance, ...proof, hashes: [...proof.hashes] }));
    return proof.size;
  };
  const next = (): void => void (sent = sent.then(send));
  if (!connection.socket.writable) return;
  connection.socket.on("close", audit.onCheckpoint(next));
  next();
}

/** Yields the next message, or undefined while nothing is pending. Never ends. */
function* messages(conn: number, source: Source, since: number): Generator<object | undefined, never> {
  const { instance, disclosed } = source;
  let [sent, state] = [since, ""];
  for (;;) {
    if (state !== disclosed.docker) {
      state = disclosed.docker;
      yield notification("docker.state", { instance, state: disclosed.docker });
    } else if (disclosed.generation === 0 || disclosed.generation === sent) {
      yield undefined;
    } else {
      const base = sent;
      sent = disclosed.generation;
      yield* changesSince(conn, source, base);
    }
  }
}

/** Yields the current generation: a delta if `base` is remembered and the delta fits one frame, otherwise a full snapshot. */
function* changesSince(conn: number, source: Source, base: number): Generator<object> {
  const { instance, disclosed, audit } = source;
  const { containers, generation, disclosures, lacksTasks } = disclosed;
  const peer = { conn, generation };
  const ids = base > 0 ? disclosed.changedSince(base) : undefined;
  const upserted = ids?.flatMap((id) => containers.get(id) ?? []) ?? [];
  const removed = ids?.filter((id) => !containers.has(id)) ?? [];
  if (ids && Buffer.byteLength(JSON.stringify([upserted, removed])) <= PART_BYTES) {
    disclosures.record(audit, peer, upserted, removed);
    return yield notification("snapshot.delta", { instance, base, generation, upserted, removed });
  }
  const parts = split([...containers.values()]);
  for (const [part, some] of parts.entries()) {
    disclosures.record(audit, peer, some, []);
    const head = { instance, generation, part, parts: parts.length, ...(lacksTasks && { lacksTasks }) };
    yield notification("snapshot.part", { ...head, containers: some });
  }
}

function notification<N extends Notification>(method: N, params: NotificationParams<N>): object {
  return { jsonrpc: "2.0", method, params };
}

function split(containers: readonly Container[]): Container[][] {
  const parts: Container[][] = [[]];
  let bytes = 0;
  for (const container of containers) {
    const size = Buffer.byteLength(JSON.stringify(container)) + 1;
    if (bytes + size > PART_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(container);
    bytes += size;
  }
  return parts;
}
