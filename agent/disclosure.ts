import { createHash } from "node:crypto";
import type { Container } from "../shared/snapshot.ts";
import type { AuditTrail } from "./audit.ts";

/** Maximum size of the names and ids in one record, in bytes of JSON. Leaves room for the other fields of a record. */
const MAX_NAMES_BYTES = 48 * 1024;

/** Size of a shortened id in a list, in bytes of JSON. */
const ID_BYTES = 15;

type Group = Readonly<{ env: string[]; labels: string[]; refused?: string[]; of: string[] }>;

/**
 * Records, before containers are sent, which connection receives them, which names they disclose, and a hash of the
 * values. Writes several records if the names do not fit into one.
 */
export function recordDisclosure(
  audit: AuditTrail,
  peer: { readonly conn: number; readonly generation: number },
  upserted: readonly Container[],
  removed: readonly string[],
): void {
  let groups = new Map<string, Group>();
  let some: Container[] = [];
  let gone: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    audit.append("disclosure", "allow", "ok", {
      ...peer,
      containers: some.length,
      told: [...groups.values()],
      withheld: some.reduce((sum, { withheld: { env, labels } }) => sum + env + labels, 0),
      ...(gone.length > 0 && { gone }),
      containers_sha256: createHash("sha256").update(JSON.stringify(some)).digest("hex"),
    });
    [groups, some, gone, bytes] = [new Map(), [], [], 0];
  };
  for (const container of upserted) {
    for (const names of namesOf(container)) {
      const key = JSON.stringify(names);
      const size = (): number => ID_BYTES + (groups.has(key) ? 0 : key.length + 1);
      if (bytes + size() > MAX_NAMES_BYTES) flush();
      bytes += size();
      const group = groups.get(key) ?? names;
      groups.set(key, group);
      group.of.push(container.id.slice(0, 12));
    }
    some.push(container);
  }
  for (const id of removed) {
    if (bytes + ID_BYTES > MAX_NAMES_BYTES) flush();
    bytes += ID_BYTES;
    gone.push(id.slice(0, 12));
  }
  flush();
}

/** Names whose values are withheld are a group of their own, so that every group fits into a record. */
function namesOf({ env, labels, refused }: Container): Group[] {
  const told = { env: Object.keys(env), labels: Object.keys(labels), of: [] };
  if (refused.length === 0) return [told];
  return [told, { env: [], labels: [], refused: refused.map(({ name }) => name), of: [] }];
}
