/** The only requests the agent sends to Docker. None has a body. */
export type Route = "version" | "list" | "list-one" | "inspect" | "image" | "events";

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
};

/**
 * Subscribed events. The unfiltered stream contains every health probe and the command line of every exec.
 * `died` and `remove` are Podman's names for `die` and `destroy`.
 */
export const EVENT_FILTERS = {
  type: ["container", "network"],
  event: "start die died kill pause unpause rename health_status destroy remove connect disconnect".split(" "),
};

/** Whether the text is a full id of a container or image, the only form that may become part of a path. */
export function isFullId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

const VERSION = /^v1\.[0-9]{2}$/;
const INSPECT = /^\/containers\/[0-9a-f]{64}\/json$/;
const IMAGE = /^\/images\/[0-9a-f]{64}\/json$/;
const LIST = "/containers/json?all=true";
const LIST_ONE = /^\/containers\/json\?all=true&filters=%7B%22id%22%3A%5B%22[0-9a-f]{64}%22%5D%7D$/;
const EVENTS = `/events?filters=${encodeURIComponent(JSON.stringify(EVENT_FILTERS))}`;

/**
 * Checks a request before its first byte is sent. Returns its route, or undefined unless it is exactly one of
 * the permitted requests. `target` is path and query as sent. Every path must begin with an API
 * version, except `/version`, which negotiates it.
 */
export function gate(method: string, target: string): Route | undefined {
  if (method !== "GET") return undefined;
  if (target === "/version") return "version";
  const slash = target.indexOf("/", 1);
  if (!VERSION.test(target.slice(1, slash))) return undefined;
  const rest = target.slice(slash);
  if (rest === LIST) return "list";
  if (rest === EVENTS) return "events";
  if (INSPECT.test(rest)) return "inspect";
  if (IMAGE.test(rest)) return "image";
  return LIST_ONE.test(rest) ? "list-one" : undefined;
}
