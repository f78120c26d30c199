/** The only requests the agent sends to Docker. None has a body. */
export type Route = "version" | "list" | "list-one" | "inspect" | "image" | "events" | SwarmRoute;

/** Requests that the agent sends with `--swarm` only. */
type SwarmRoute = "services" | "tasks" | "nodes" | "swarm-events";

/**
 * Limits of a response: bytes of the body (`events`: of one line), and milliseconds from the request to the
 * last byte (`events`: to the headers).
 */
export const limits: Readonly<Record<Route, { readonly maxBytes: number; readonly deadlineMs: number }>> = {
  version: { maxBytes: 64 * 1024, deadlineMs: 5_000 },
  // It is read in parts. 20,000 Compose containers are about 30 MB, but Docker accepts any size of labels.
  list: { maxBytes: 1024 * 1024 * 1024, deadlineMs: 60_000 },
  "list-one": { maxBytes: 4 * 1024 * 1024, deadlineMs: 10_000 },
  inspect: { maxBytes: 4 * 1024 * 1024, deadlineMs: 10_000 },
  image: { maxBytes: 1024 * 1024, deadlineMs: 10_000 },
  // An event contains all labels of its container.
  events: { maxBytes: 256 * 1024, deadlineMs: 10_000 },
  // A manager without a leader does not respond for 14 seconds. 10,000 tasks are about 17 MB, but each has a copy of its
  // service's specification, for which a swarm accepts more than 1 MB. The lists are read in parts, of which 64 MiB are kept.
  services: { maxBytes: 256 * 1024 * 1024, deadlineMs: 20_000 },
  tasks: { maxBytes: 256 * 1024 * 1024, deadlineMs: 20_000 },
  nodes: { maxBytes: 16 * 1024 * 1024, deadlineMs: 20_000 },
  "swarm-events": { maxBytes: 256 * 1024, deadlineMs: 10_000 },
};

/**
 * Subscribed events. The unfiltered stream contains every health probe and the command line of every exec.
 * `died` and `remove` are Podman's names for `die` and `destroy`.
 */
export const EVENT_FILTERS = {
  type: ["container", "network"],
  event: "start die died kill pause unpause rename health_status destroy remove connect disconnect".split(" "),
};

/** Tasks have no events. */
export const SWARM_EVENT_FILTERS = { type: ["service", "node"], event: ["create", "update", "remove"] };

/** Tasks that the swarm wants to run: of all services, or of at most eight of them. */
export function taskFilters(services: readonly string[]): object {
  return { "desired-state": ["running"], ...(services.length > 0 && { service: services }) };
}

/** At most eight services. */
export function serviceFilters(services: readonly string[]): object {
  return { id: services };
}

/** Whether the text is an id of a task, service or node of a swarm. */
export function isSwarmId(text: string): boolean {
  return /^[a-z0-9]{25}$/.test(text);
}

/** Whether the text is a full id of a container or image, the only form that may become part of a path. */
export function isFullId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

const VERSION = /^v1\.[0-9]{2}$/;
const INSPECT = /^\/containers\/[0-9a-f]{64}\/json$/;
const IMAGE = /^\/images\/[0-9a-f]{64}\/json$/;
const LIST = "/containers/json?all=true";
const LIST_ONE = /^\/containers\/json\?all=true&filters=%7B%22id%22%3A%5B%22[0-9a-f]{64}%22%5D%7D$/;
const EVENTS = filtered("events", EVENT_FILTERS);
const SWARM: ReadonlyMap<string, SwarmRoute> = new Map([
  ["/services", "services"],
  ["/nodes", "nodes"],
  [filtered("tasks", taskFilters([])), "tasks"],
  [filtered("events", SWARM_EVENT_FILTERS), "swarm-events"],
]);
/** One to eight ids of services at the end of a filter. */
const IDS = "%22[a-z0-9]{25}%22(?:%2C%22[a-z0-9]{25}%22){0,7}%5D%7D$";
const TASKS_OF = new RegExp(
  `^/tasks\\?filters=%7B%22desired-state%22%3A%5B%22running%22%5D%2C%22service%22%3A%5B${IDS}`,
);
const SERVICES_OF = new RegExp(`^/services\\?filters=%7B%22id%22%3A%5B${IDS}`);

function filtered(path: string, filters: object): string {
  return `/${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`;
}

/**
 * Checks a request before its first byte is sent. Returns its route, or undefined unless it is exactly one of
 * the permitted requests. `target` is path and query as sent. Every path must begin with an API
 * version, except `/version`, which negotiates it. `isSwarm` permits the requests of `--swarm`.
 */
export function gate(method: string, target: string, isSwarm = false): Route | undefined {
  if (method !== "GET") return undefined;
  if (target === "/version") return "version";
  const slash = target.indexOf("/", 1);
  if (!VERSION.test(target.slice(1, slash))) return undefined;
  const rest = target.slice(slash);
  if (rest === LIST) return "list";
  if (rest === EVENTS) return "events";
  if (INSPECT.test(rest)) return "inspect";
  if (IMAGE.test(rest)) return "image";
  if (LIST_ONE.test(rest)) return "list-one";
  if (!isSwarm) return undefined;
  if (TASKS_OF.test(rest)) return "tasks";
  return SERVICES_OF.test(rest) ? "services" : SWARM.get(rest);
}
