import type { Container } from "../../shared/snapshot.ts";
import { matchesPattern } from "./pattern.ts";
import { isInRange } from "./port-range.ts";
import type { Predicate, SelectRule } from "./rule.ts";

/**
 * Returns the first reason why the rule excludes a container, or undefined if the rule selects it. Looks only at what
 * the agent disclosed.
 */
export function filterReason(container: Container, rule: SelectRule): string | undefined {
  const { state, ports } = container;
  if (!rule.includeStopped && STOPPED.has(state)) return `is ${state}; set \`includeStopped\` to include it`;
  if (rule.onlyExposed && !ports.some(({ proto }) => proto === "tcp" || proto === "udp"))
    return "exposes no port; add EXPOSE to its image, or unset `onlyExposed`";
  if (rule.onlyPublished && !ports.some(({ published = [] }) => published.length > 0))
    return "publishes no port; publish one, or unset `onlyPublished`";
  const at = rule.where.findIndex(
    ({ not, ...fields }) => !matches(fields, container) || (not && matches(not, container)),
  );
  if (at < 0) return undefined;
  return `does not match entry ${at + 1} of \`where\`: ${JSON.stringify(rule.where[at])}; change the entry to include it`;
}

/** Paused and restarting containers, and those of unknown state, do not count as stopped. */
export const STOPPED: ReadonlySet<Container["state"]> = new Set(["created", "exited", "dead", "removing"]);

type PredicateFields = Omit<Predicate, "not">;

function matches(fields: PredicateFields, container: Container): boolean {
  return (Object.keys(fields) as (keyof PredicateFields)[]).every((field) => {
    const values = fields[field];
    return values === undefined || values.some((value) => tests[field](container, value));
  });
}

const tests: Readonly<Record<keyof PredicateFields, (container: Container, value: string) => boolean>> = {
  label: ({ labels }, wanted) => {
    const equals = wanted.indexOf("=");
    if (equals < 0) return Object.hasOwn(labels, wanted);
    return hasLabel(labels, wanted.slice(0, equals), wanted.slice(equals + 1));
  },
  name: ({ name }, pattern) => matchesPattern(pattern, name),
  network: ({ networks }, pattern) => networks.some(({ name }) => matchesPattern(pattern, name)),
  image: ({ image }, pattern) => image !== undefined && matchesPattern(pattern, image),
  project: ({ labels }, pattern) => hasLabel(labels, "com.docker.compose.project", pattern),
  service: ({ labels }, pattern) => hasLabel(labels, "com.docker.compose.service", pattern),
  health: ({ health }, wanted) => health === wanted,
  state: ({ state }, wanted) => state === wanted,
  exposes: ({ ports }, range) => ports.some(({ port, proto }) => isInRange(range, port, proto)),
  publishes: ({ ports }, range) =>
    ports.some(({ proto, published = [] }) => published.some(({ port }) => isInRange(range, port, proto))),
  id: ({ id }, prefix) => id.startsWith(prefix),
};

function hasLabel(labels: Container["labels"], key: string, pattern: string): boolean {
  return Object.hasOwn(labels, key) && matchesPattern(pattern, labels[key] ?? "");
}
