import type { Container } from "./container.ts";
import type { EventMessage } from "./event-message.ts";

/** The query parameter `filters`: accepted values by filter name. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** An invalid filter. The engine responds with 400 and this message. */
export class BadFilter extends Error {}

/** Parses both forms that Docker supports, `{"id":["x"]}` and `{"id":{"x":true}}`. Throws BadFilter. */
export function parseFilters(text: string | null): Filters {
  if (text === null || text === "") return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BadFilter("invalid filter");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new BadFilter("invalid filter");
  return new Map(Object.entries(parsed).map(([name, values]) => [name, valuesOf(values)]));
}

function valuesOf(values: unknown): string[] {
  if (Array.isArray(values)) return values.map(String);
  if (typeof values !== "object" || values === null) throw new BadFilter("invalid filter");
  return Object.entries(values)
    .filter(([, wanted]) => wanted === true)
    .map(([value]) => value);
}

type Match = (container: Container, values: readonly string[]) => boolean;

/** Supported filters of the list. Docker's other filters are rejected, never ignored. */
const listFilters: Readonly<Record<string, Match>> = {
  id: ({ id }, values) => values.some((value) => matches(id, value)),
  name: ({ name }, values) => values.some((value) => matches(name, value.replace(/^\//, ""))),
  label: ({ options }, values) => values.every((value) => hasLabel(options.labels ?? {}, value)),
  status: ({ state }, values) => values.includes(state),
  health: ({ health }, values) => values.includes(health ?? "none"),
  network: ({ attachments }, values) =>
    [...attachments.values()].some(({ network }) => values.includes(network.name) || values.includes(network.id)),
};

const states = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];

/** Throws BadFilter for an unknown filter or status. */
export function checkListFilters(filters: Filters): void {
  const unknown = [...filters.keys()].find((name) => !Object.hasOwn(listFilters, name));
  if (unknown !== undefined) throw new BadFilter(`invalid filter '${unknown}'`);
  const status = filters.get("status")?.find((value) => !states.includes(value));
  if (status !== undefined) throw new BadFilter(`invalid filter 'status=${status}'`);
}

export function isListed(container: Container, filters: Filters): boolean {
  return [...filters].every(([name, values]) => values.length === 0 || listFilters[name]?.(container, values));
}

/** Whether an event matches the filters of a reader of `/events`. Unknown names are ignored, as in Docker. */
export function matchesEvent({ Type, Action, Actor }: EventMessage, filters: Filters): boolean {
  const accepts = (name: string, test: (value: string) => boolean): boolean => {
    const values = filters.get(name) ?? [];
    return values.length === 0 || values.some(test);
  };
  // With one of these values without its detail, Docker compares all values by prefix.
  const byBeginning = (filters.get("event") ?? []).some((word) =>
    ["health_status", "exec_create", "exec_start", "exec_detach", "exec_die"].includes(word),
  );
  const { name = "" } = Actor.Attributes;
  return (
    accepts("event", (word) => (byBeginning ? Action.startsWith(word) : Action === word)) &&
    accepts("type", (type) => Type === type) &&
    accepts("container", (value) => Actor.ID.startsWith(value) || name.startsWith(value)) &&
    accepts("network", (value) => Actor.ID.startsWith(value) || name.startsWith(value)) &&
    (filters.get("label") ?? []).every((label) => hasLabel(Actor.Attributes, label))
  );
}

/** Docker treats the value as a regular expression, or as plain text if it is not a valid one. */
function matches(text: string, value: string): boolean {
  try {
    return new RegExp(value).test(text);
  } catch {
    return text === value;
  }
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = "", value] = wanted.split(/=(.*)/s);
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}
