import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Container } from "../../shared/snapshot.ts";
import { matchesPattern } from "./pattern.ts";
import { isInRange } from "./port-range.ts";
import type { Predicate, SelectRule } from "./rule.ts";

/** The containers for which the rule holds, the same objects in the same order. */
export function select(known: readonly InventoryContainer[], rule: SelectRule): InventoryContainer[] {
  return known.filter(({ container }) => isSelected(container, rule));
}

/** Whether the rule takes this container. Looks at nothing but what the agent disclosed of it. */
export function isSelected(container: Container, rule: SelectRule): boolean {
  return whyLeftOut(container, rule) === undefined;
}

/** The first thing that does not hold, as a part of a sentence; undefined when the container is taken. */
export function whyLeftOut(container: Container, rule: SelectRule): string | undefined {
  const { state, ports } = container;
  if (!rule.includeStopped && STOPPED.has(state)) return `is ${state}`;
  if (rule.onlyExposed && !ports.some(({ proto }) => proto === "tcp" || proto === "udp")) return "exposes no port";
  if (rule.onlyPublished && !ports.some(({ published = [] }) => published.length > 0)) return "publishes no port";
  const at = rule.where.findIndex(({ not, ...fields }) => !holds(fields, container) || (not && holds(not, container)));
  return at < 0 ? undefined : `is not what entry ${at + 1} of \`where\` says: ${JSON.stringify(rule.where[at])}`;
}

/** A paused or restarting container is not stopped, and neither is one whose state is not known. */
export const STOPPED: ReadonlySet<Container["state"]> = new Set(["created", "exited", "dead", "removing"]);

type Fields = Omit<Predicate, "not">;

function holds(fields: Fields, container: Container): boolean {
  return (Object.keys(fields) as (keyof Fields)[]).every((field) => {
    const wanted = fields[field];
    return wanted === undefined || wanted.some((value) => tests[field](container, value));
  });
}

const tests: Readonly<Record<keyof Fields, (container: Container, value: string) => boolean>> = {
  label: ({ labels }, wanted) => {
    const equals = wanted.indexOf("=");
    if (equals < 0) return Object.hasOwn(labels, wanted);
    return isLabelled(labels, wanted.slice(0, equals), wanted.slice(equals + 1));
  },
  name: ({ name }, pattern) => matchesPattern(pattern, name),
  network: ({ networks }, pattern) => networks.some(({ name }) => matchesPattern(pattern, name)),
  image: ({ image }, pattern) => image !== undefined && matchesPattern(pattern, image),
  project: ({ labels }, pattern) => isLabelled(labels, "com.docker.compose.project", pattern),
  service: ({ labels }, pattern) => isLabelled(labels, "com.docker.compose.service", pattern),
  health: ({ health }, wanted) => health === wanted,
  state: ({ state }, wanted) => state === wanted,
  exposes: ({ ports }, range) => ports.some(({ port, proto }) => isInRange(range, port, proto)),
  publishes: ({ ports }, range) =>
    ports.some(({ proto, published = [] }) => published.some(({ port }) => isInRange(range, port, proto))),
  id: ({ id }, beginning) => id.startsWith(beginning),
};

function isLabelled(labels: Container["labels"], key: string, pattern: string): boolean {
  return Object.hasOwn(labels, key) && matchesPattern(pattern, labels[key] ?? "");
}
