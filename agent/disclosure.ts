import { createHash } from "node:crypto";
import { type Container, MAX_CONTAINERS } from "../shared/snapshot.ts";
import type { AuditTrail } from "./audit.ts";

/** Maximum size of the names and ids in one record, in bytes of JSON. Leaves room for the other fields of a record. */
const MAX_NAMES_BYTES = 48 * 1024;

/** Size of a shortened id in a list, in bytes of JSON. */
const ID_BYTES = 15;

/** Disclosures after which names are recorded in full again, so that a trail without its oldest files has them. */
const FORGET_AFTER = 20_000;

/** Maximum containers of a repeated disclosure that are named. More are nearly all of them, as after a reconnect. */
const MAX_NAMED = 16;

type Group = Readonly<{ env: string[]; labels: string[]; refused?: string[]; of: string[] }>;

/** Records what renderers receive. Names that the trail has are not repeated: a container or renderer may come and go often. */
export class Disclosures {
  /** The names in the trail, by container. */
  readonly #names = new Map<string, string>();
  #count = 0;

  /**
   * Records, before containers are sent, which connection receives them, which names they disclose, and a hash of the
   * values. Writes several records if the names do not fit into one.
   */
  record(
    audit: AuditTrail,
    peer: { readonly conn: number; readonly generation: number },
    upserted: readonly Container[],
    removed: readonly string[],
  ): void {
    this.#count = (this.#count + 1) % FORGET_AFTER;
    if (this.#count === 0 || this.#names.size > 2 * MAX_CONTAINERS) this.#names.clear();
    let part = newPart();
    const flush = (): void => {
      const { groups, repeated, gone, containers } = part;
      audit.append("disclosure", "allow", "ok", {
        ...peer,
        containers: containers.length,
        disclosed: [...groups.values()],
        ...(repeated.length > 0 && { repeated: repeated.length > MAX_NAMED ? repeated.length : repeated }),
        withheld: containers.reduce((sum, { withheld: { env, labels } }) => sum + env + labels, 0),
        ...(gone.length > 0 && { gone }),
        containers_sha256: createHash("sha256").update(JSON.stringify(containers)).digest("hex"),
      });
      part = newPart();
    };
    for (const container of upserted) {
      const names = namesOf(container);
      if (this.#isRecorded(container, names)) part.repeated.push(container.id.slice(0, 12));
      else
        for (const group of names) {
          const key = JSON.stringify(group);
          const size = (): number => ID_BYTES + (part.groups.has(key) ? 0 : key.length + 1);
          if (part.bytes + size() > MAX_NAMES_BYTES) flush();
          part.bytes += size();
          part.groups.set(key, part.groups.get(key) ?? group);
          part.groups.get(key)!.of.push(container.id.slice(0, 12));
        }
      part.containers.push(container);
    }
    for (const id of removed) {
      this.#names.delete(id);
      if (part.bytes + ID_BYTES > MAX_NAMES_BYTES) flush();
      part.bytes += ID_BYTES;
      part.gone.push(id.slice(0, 12));
    }
    flush();
  }

  /** Whether the trail has the names of this container. From now on it has. */
  #isRecorded({ id, withheld, refused }: Container, names: readonly Group[]): boolean {
    const text = JSON.stringify([names, withheld, refused]);
    const isRecorded = this.#names.get(id) === text;
    this.#names.set(id, text);
    return isRecorded;
  }
}

/** What one record contains. `bytes` is the size of its names and ids. */
function newPart() {
  return {
    groups: new Map<string, Group>(),
    repeated: [] as string[],
    gone: [] as string[],
    containers: [] as Container[],
    bytes: 0,
  };
}

/** Names whose values are withheld are a group of their own, so that every group fits into a record. */
function namesOf({ env, labels, refused }: Container): Group[] {
  const disclosed = { env: Object.keys(env), labels: Object.keys(labels), of: [] };
  if (refused.length === 0) return [disclosed];
  return [disclosed, { env: [], labels: [], refused: refused.map(({ name }) => name), of: [] }];
}
