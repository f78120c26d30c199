import type { Container } from "../../shared/snapshot.ts";
import type { HealthRule } from "./options.ts";

/** Returns whether a container can serve requests now. `rule` is the health that it needs. */
export function canServe(
  { state, stopping, health }: Pick<Container, "state" | "stopping" | "health">,
  rule: HealthRule,
): boolean {
  if (state !== "running" || stopping) return false;
  return rule === "ignored" || (health !== "unhealthy" && (rule === "started" || health !== "starting"));
}
