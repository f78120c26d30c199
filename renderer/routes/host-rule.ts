import { membershipOf } from "../../shared/compose.ts";
import type { Container } from "../../shared/snapshot.ts";

/** What a rule for host names may name of a container. */
export const PLACEHOLDER = /\{(name|service|project)\}/g;

/**
 * Returns the host name of a container by the operator's rule, such as `{service}.{project}.localhost`, or the placeholder
 * that the container lacks. Characters that host names cannot have become dashes.
 */
export function hostByRule(
  rule: string,
  container: Container,
): { readonly host: string } | { readonly missing: string } {
  const { project, service } = membershipOf(container);
  const values: Readonly<Record<string, string | undefined>> = { name: container.name, project, service };
  const labelOf = (name: string): string =>
    (values[name] ?? "")
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, "");
  const missing = [...rule.matchAll(PLACEHOLDER)].find(([, name = ""]) => labelOf(name) === "");
  return missing ? { missing: missing[0] } : { host: rule.replaceAll(PLACEHOLDER, (_, name: string) => labelOf(name)) };
}
