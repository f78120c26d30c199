import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { RouteRules } from "../../../renderer/routes/route-rules.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import type { Blocked, Routes } from "../../../renderer/routes/routes.ts";

/** The routes of a new table after one change. */
export function buildRoutes(known: readonly InventoryContainer[], rules: RouteRules): Routes | Blocked {
  const table = new RouteTable(rules);
  table.apply({ upserted: known, gone: [] });
  return table.wanted.kind === "blocked" ? table.wanted : table.routes;
}
