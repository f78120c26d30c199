import { type Answer, engineHeaders, json, pageNotFound, refusal } from "./answer.ts";
import { imageOf, isAlive } from "./container.ts";
import { BadFilter, checkListFilters, isListed, parseFilters } from "./filters.ts";
import { imageId } from "./hex-id.ts";
import { imageAnswer } from "./image.ts";
import { inspectAnswer } from "./inspect-answer.ts";
import { listRow } from "./list-answer.ts";
import type { Machine } from "./machine.ts";
import { networkAnswer } from "./network-answer.ts";
import { parsePath, type RequestPath } from "./request-path.ts";
import { compareVersions, type Release } from "./release.ts";
import { versionAnswer } from "./version-answer.ts";

/** The requests this engine supports. */
export type Route = "ping" | "version" | "list" | "inspect" | "image" | "networks" | "network" | "events" | SwarmRoute;
type SwarmRoute = "services" | "tasks" | "nodes";

/** Result of a request: one response, or the stream of events. */
export interface Routed {
  readonly route: Route | undefined;
  /** Id or name of the container or network in the path. */
  readonly reference: string;
  readonly answer: Answer | { readonly eventsOf: URLSearchParams };
}

const routes: readonly [Route, RegExp][] = [
  ["ping", /^\/_ping$/],
  ["version", /^\/version$/],
  ["list", /^\/containers\/json$/],
  ["inspect", /^\/containers\/(.+)\/json$/],
  ["image", /^\/images\/(.+)\/json$/],
  ["networks", /^\/networks\/?$/],
  ["network", /^\/networks\/(.+)$/],
  ["events", /^\/events$/],
  ["services", /^\/services$/],
  ["tasks", /^\/tasks$/],
  ["nodes", /^\/nodes$/],
];

/** Routes like the real engine: by the decoded path, after a redirect if it is not normalized. */
export function answerTo(machine: Machine, method: string, target: string): Routed {
  const parsed = parsePath(target);
  if (parsed === undefined) return outside({ status: 400, headers: {}, body: "400 Bad Request" });
  if ("redirect" in parsed) return outside({ status: 301, headers: { Location: parsed.redirect }, body: "" });
  for (const [route, pattern] of routes) {
    const match = pattern.exec(parsed.path);
    if (match === null || !(method === "GET" || (method === "HEAD" && route === "ping"))) continue;
    const reference = match[1] ?? "";
    return { route, reference, answer: guarded(machine, route, reference, parsed) };
  }
  return outside(pageNotFound());
}

function outside(answer: Answer): Routed {
  return { route: undefined, reference: "", answer };
}

function guarded(machine: Machine, route: Route, reference: string, request: RequestPath): Routed["answer"] {
  const { release } = machine.options;
  const unspoken = versionProblem(release, request.version);
  if (unspoken !== undefined) return refusal(release, 400, unspoken);
  try {
    return answerOf[route](machine, reference, request.query);
  } catch (error) {
    if (error instanceof BadFilter) return refusal(release, 400, error.message);
    throw error;
  }
}

function versionProblem({ api, minApi }: Release, version: string | undefined): string | undefined {
  if (version === undefined) return undefined;
  if (compareVersions(version, api) > 0) {
    return `client version ${version} is too new. Maximum supported API version is ${api}`;
  }
  if (compareVersions(version, minApi) >= 0) return undefined;
  const hint = "please upgrade your client to a newer version";
  return `client version ${version} is too old. Minimum supported API version is ${minApi}, ${hint}`;
}

type Answering = (machine: Machine, reference: string, query: URLSearchParams) => Routed["answer"];

const answerOf: Readonly<Record<Route, Answering>> = {
  ping: ({ options: { release } }) => ({
    status: 200,
    headers: {
      ...engineHeaders(release),
      "Builder-Version": "2",
      "Cache-Control": "no-cache, no-store, must-revalidate",
      "Content-Type": "text/plain; charset=utf-8",
      Pragma: "no-cache",
    },
    body: "OK",
  }),
  version: ({ options: { release } }) => json(release, versionAnswer(release)),
  list,
  inspect(machine, reference) {
    const { release } = machine.options;
    const container = machine.find(reference);
    if (container === undefined) return refusal(release, 404, `No such container: ${reference}`);
    return json(release, inspectAnswer(container, release));
  },
  image({ options: { release }, images, containers }, reference) {
    const names = new Set([...images.keys(), ...[...containers.values()].map(imageOf)]);
    const name = [...names].find((one) => [one, imageId(one), imageId(one).slice(7)].includes(reference));
    if (name === undefined) return refusal(release, 404, `No such image: ${reference}`);
    return json(release, imageAnswer(name, images.get(name) ?? {}));
  },
  networks: ({ options: { release }, networks }) =>
    json(
      release,
      [...networks.values()].map((network) => networkAnswer(network, [])),
    ),
  network({ options: { release }, networks, containers }, reference) {
    const network = networks.get(reference) ?? [...networks.values()].find(({ id }) => id.startsWith(reference));
    if (network === undefined) return refusal(release, 404, `network ${reference} not found`);
    return json(release, networkAnswer(network, containers.values()));
  },
  services: ({ options: { release }, swarm }, _reference, query) =>
    json(release, swarm.services(parseFilters(query.get("filters")).get("id"))),
  tasks({ options: { release }, swarm }, _reference, query) {
    const tasks = swarm.tasks(parseFilters(query.get("filters")).get("service"));
    return tasks ? json(release, tasks) : refusal(release, 404, "service not found");
  },
  nodes: ({ options: { release }, swarm }) => json(release, swarm.nodes),
  events(machine, _reference, query) {
    parseFilters(query.get("filters"));
    const odd = [query.get("since"), query.get("until")].find((time) => time && !/^[0-9]+(\.[0-9]+)?$/.test(time));
    if (!odd) return { eventsOf: query };
    return refusal(machine.options.release, 500, `strconv.ParseInt: parsing ${JSON.stringify(odd)}: invalid syntax`);
  },
};

/** Lists newest first. A filter by status includes all containers regardless of `all`. */
function list(machine: Machine, _reference: string, query: URLSearchParams): Answer {
  const { release } = machine.options;
  const filters = parseFilters(query.get("filters"));
  checkListFilters(filters);
  const all = !["", "0", "no", "false", "none", null].includes(query.get("all")) || filters.has("status");
  const now = machine.clock.now();
  const rows = [...machine.containers.values()]
    .filter((container) => (all || isAlive(container)) && isListed(container, filters))
    .toReversed()
    .map((container) => listRow(container, release, now));
  return json(release, rows);
}
