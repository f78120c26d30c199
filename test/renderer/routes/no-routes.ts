import type { Routes } from "../../../renderer/routes/routes.ts";

/** The routes of an empty inventory: nginx answers 503 to every request. */
export const NO_ROUTES: Routes = { kind: "routes", virtualHosts: [], unrouted: [], quarantined: [], remarks: [] };
