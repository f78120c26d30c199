import type { Config } from "../config/schema.ts";
import { keyOf, type InventoryContainer } from "../inventory/inventory-change.ts";
import { collectInventory } from "./collect-inventory.ts";
import { type CommandResult, failed, printed } from "./result.ts";

/** Prints all containers that the agents disclose as JSON, each with its Docker host (`host`). */
export async function runSnapshot(config: Config): Promise<CommandResult> {
  const known = new Map<string, InventoryContainer>();
  const error = await collectInventory(config, ({ upserted, gone }) => {
    for (const one of gone) known.delete(keyOf(one));
    for (const one of upserted) known.set(keyOf(one), one);
  });
  if (error !== undefined) return failed(error, 1);
  const sorted = [...known.values()]
    .map(({ dockerHost, container }) => ({ host: dockerHost, ...container }))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return printed(`${JSON.stringify(sorted, undefined, 2)}\n`);
}

function orderOf({ host, name, id }: { readonly host: string; readonly name: string; readonly id: string }): string {
  return `${host}\n${name}\n${id}`;
}
