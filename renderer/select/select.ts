import { membershipOf, PROJECT_LABEL, SERVICE_LABEL } from "../../shared/compose.ts";
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
  const entry = rule.where[at];
  const problem = `does not match entry ${at + 1} of \`where\`: ${JSON.stringify(entry)}`;
  const missing = withheldLabel(container, entry);
  if (missing === undefined) return `${problem}; change the entry to include it`;
  return `${problem}: the agent discloses no label ${JSON.stringify(missing)} and withholds ${container.withheld.labels} labels of the container; if it has the label, list it in \`labels\` of the agent's policy`;
}

/** Returns a label of the predicate that the agent's policy may withhold. */
function withheldLabel(container: Container, predicate: Predicate | undefined): string | undefined {
  if (container.withheld.labels === 0) return undefined;
  const keys = (predicate?.label ?? []).map((one) => one.split("=")[0]!);
  return keys.find((key) => labelOf(container, key) === undefined);
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
  label: (container, wanted) => {
    const equals = wanted.indexOf("=");
    const value = labelOf(container, equals < 0 ? wanted : wanted.slice(0, equals));
    return equals < 0 ? value !== undefined : matchesSome(wanted.slice(equals + 1), value);
  },
  name: ({ name }, pattern) => matchesPattern(pattern, name),
  network: ({ networks }, pattern) => networks.some(({ name }) => matchesPattern(pattern, name)),
  image: ({ image }, pattern) => image !== undefined && matchesPattern(pattern, image),
  project: (container, pattern) => matchesSome(pattern, labelOf(container, PROJECT_LABEL)),
  service: (container, pattern) => matchesSome(pattern, labelOf(container, SERVICE_LABEL)),
  health: ({ health }, wanted) => health === wanted,
  state: ({ state }, wanted) => state === wanted,
  exposes: ({ ports }, range) => ports.some(({ port, proto }) => isInRange(range, port, proto)),
  publishes: ({ ports }, range) =>
    ports.some(({ proto, published = [] }) => published.some(({ port }) => isInRange(range, port, proto))),
  id: ({ id }, prefix) => id.startsWith(prefix),
};

function matchesSome(pattern: string, value: string | undefined): boolean {
  return value !== undefined && matchesPattern(pattern, value);
}

/** Compose's labels count only if Compose set them on the container. Those of a Swarm task are its stack and service. */
function labelOf(container: Container, key: string): string | undefined {
  if (key === PROJECT_LABEL) return membershipOf(container).project;
  if (key === SERVICE_LABEL) return membershipOf(container).service;
  const { labels } = container;
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
