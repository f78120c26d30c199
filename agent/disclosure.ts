import { createHash } from "node:crypto";
import type { Container } from "../shared/snapshot.ts";
import type { AuditTrail } from "./audit.ts";

/**
 * Records, before containers are sent, which connection receives them, which names they disclose, and a hash of the
 * values. Returns the head of the trail before this record; it becomes the frame's anchor.
 */
export function recordDisclosure(
  audit: AuditTrail,
  peer: { readonly conn: number; readonly generation: number },
  upserted: readonly Container[],
  removed: readonly string[],
): AuditTrail["head"] {
  const anchor = audit.head;
  audit.append("disclosure", "allow", "ok", {
    ...peer,
    containers: upserted.length,
    told: byNames(upserted),
    withheld: upserted.reduce((sum, { withheld: { env, labels } }) => sum + env + labels, 0),
    ...(removed.length > 0 && { gone: removed.map((id) => id.slice(0, 12)) }),
    containers_sha256: createHash("sha256").update(JSON.stringify(upserted)).digest("hex"),
  });
  return anchor;
}

/** Groups containers that disclose the same names, to keep the record short. */
function byNames(containers: readonly Container[]): object[] {
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
