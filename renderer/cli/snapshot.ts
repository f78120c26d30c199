import type { Config } from "../config/schema.ts";
import { keyOf, type InventoryContainer } from "../inventory/inventory-change.ts";
import { hear } from "./collect-inventory.ts";
import type { CommandResult } from "./import.ts";

/** Prints what the agents disclose now, as JSON: a list of containers, each with the host it runs on. */
export async function runSnapshot(config: Config): Promise<CommandResult> {
  const known = new Map<string, InventoryContainer>();
  const silent = await hear(config, ({ upserted, gone }) => {
    for (const one of gone) known.delete(keyOf(one));
    for (const one of upserted) known.set(keyOf(one), one);
  });
  if (silent !== undefined) return { stdout: "", stderr: `${silent}\n`, exitCode: 1 };
  const inOrder = [...known.values()]
    .map(({ host, container }) => ({ host, ...container }))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return { stdout: `${JSON.stringify(inOrder, undefined, 2)}\n`, stderr: "", exitCode: 0 };
}

function orderOf({ host, name, id }: { readonly host: string; readonly name: string; readonly id: string }): string {
  return `${host}\n${name}\n${id}`;
}
