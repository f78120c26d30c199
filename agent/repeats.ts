import { createHash } from "node:crypto";
import { type Container, MAX_CONTAINERS } from "../shared/snapshot.ts";
import type { AuditTrail } from "./audit.ts";

/** Disclosures after which names are recorded in full again, so that a trail without its oldest files has them. */
const FORGET_AFTER = 20_000;

/** Maximum containers of a repeated disclosure that are named. More are nearly all of them, as after a reconnect. */
const MAX_NAMED = 16;

/** The names that the trail has of each container, so that a flapping container or renderer does not fill it. */
export class Repeats {
  readonly #names = new Map<string, string>();
  #disclosures = 0;

  /** Records containers whose names are in the trail, in one short record, before they are sent. Returns the others. */
  record(
    audit: AuditTrail,
    peer: { readonly conn: number; readonly generation: number },
    upserted: readonly Container[],
    removed: readonly string[],
  ): Container[] {
    this.#disclosures = (this.#disclosures + 1) % FORGET_AFTER;
    if (this.#disclosures === 0 || this.#names.size > 2 * MAX_CONTAINERS) this.#names.clear();
    for (const id of removed) this.#names.delete(id);
    const isRepeated = ({ id, env, labels, withheld, refused }: Container): boolean => {
      const names = JSON.stringify([Object.keys(env), Object.keys(labels), withheld, refused]);
      const isKnown = this.#names.get(id) === names;
      this.#names.set(id, names);
      return isKnown;
    };
    const repeated: Container[] = [];
    const fresh: Container[] = [];
    for (const container of upserted) (isRepeated(container) ? repeated : fresh).push(container);
    if (repeated.length === 0) return fresh;
    audit.append("disclosure", "allow", "ok", {
      ...peer,
      containers: repeated.length,
      told: [],
      repeated: repeated.length > MAX_NAMED ? repeated.length : repeated.map(({ id }) => id.slice(0, 12)),
      containers_sha256: createHash("sha256").update(JSON.stringify(repeated)).digest("hex"),
    });
    return fresh;
  }
}
