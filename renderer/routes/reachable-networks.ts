import type { Container } from "../../shared/snapshot.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { type HostOwners, PROXY_NAME } from "./host-owners.ts";
import { isFromImage, ownerOf } from "./owner.ts";
import type { ProxyRule } from "./route-rules.ts";
import type { Blocked } from "./routes.ts";

/** The Docker networks on which nginx reaches containers. */
export type ReachableNetworks =
  | { readonly kind: "all" }
  | { readonly kind: "networks"; readonly agent: string; readonly names: readonly string[] };

/**
 * Returns nginx's networks, or why they are unknown and what to do. Only running containers count, and of these only the
 * containers of `owner`, if it is known. If there are several, they must have the same networks: otherwise any of them
 * could be an impostor.
 */
export function findReachableNetworks(
  known: readonly InventoryContainer[],
  rule: ProxyRule,
  owner?: string,
): ReachableNetworks | Blocked {
  if (rule.kind === "host") return { kind: "all" };
  const owned = known.filter((one) => isProxy(one, rule) && (owner === undefined || ownerOf(one) === owner));
  const found = owned.filter(isRunning).map(({ agent, dockerHost, container: { name, networks } }) => {
    const names = [...new Set(networks.map((network) => network.name))].toSorted();
    return { place: { kind: "networks", agent, names } as const, text: `${name} on ${dockerHost} (${list(names)})` };
  });
  const [first] = found;
  if (!first) return { kind: "blocked", reason: notFound(rule, known, owner) };
  if (new Set(found.map(({ place }) => JSON.stringify(place))).size === 1) return first.place;
  const which = found.map(({ text }) => text).toSorted();
  const reason = `several containers with different networks are nginx by \`proxy\`: ${which.join(", ")}; remove ${wordOf(rule)} from all but nginx's container`;
  return { kind: "blocked", reason };
}

/**
 * Returns the owner whose containers may be nginx by their label; undefined if every container may. The renderer's own
 * project has precedence, then the owner recorded before: it stays nginx's while nginx is away.
 */
export function proxyOwner(
  proxies: readonly InventoryContainer[],
  own: InventoryContainer | undefined,
  owners: HostOwners,
): string | undefined {
  const ofRenderer = own && ownerOf(own);
  const requesting = [...new Set(proxies.filter(isRunning).map(ownerOf))].toSorted();
  const isOfRenderer = ofRenderer !== undefined && proxies.some((one) => ownerOf(one) === ofRenderer);
  const certain = isOfRenderer ? [ofRenderer] : requesting;
  const isRecorded = owners.all.has(PROXY_NAME);
  if (isOfRenderer && owners.all.get(PROXY_NAME)?.owner !== ofRenderer) owners.release(PROXY_NAME);
  return isRecorded || certain.length === 1 ? owners.decide(PROXY_NAME, certain) : undefined;
}

function isRunning({ container }: InventoryContainer): boolean {
  return container.state === "running";
}

/** Returns whether the container is nginx's by this rule. An image cannot make its container nginx. */
export function isProxy({ container }: InventoryContainer, rule: Exclude<ProxyRule, { kind: "host" }>): boolean {
  return hasMark(container, rule) && !isImageMark(container, rule);
}

function hasMark({ name, id, labels }: Container, rule: Exclude<ProxyRule, { kind: "host" }>): boolean {
  if (rule.kind === "container") return name === rule.name;
  if (rule.kind === "self") return rule.id !== undefined && id.startsWith(rule.id);
  return Object.hasOwn(labels, rule.name) && (rule.value === undefined || labels[rule.name] === rule.value);
}

function isImageMark(container: Container, rule: ProxyRule): boolean {
  return rule.kind === "label" && isFromImage(container, "label", rule.name);
}

function notFound(
  rule: Exclude<ProxyRule, { kind: "host" }>,
  known: readonly InventoryContainer[],
  owner: string | undefined,
): string {
  const marked = known.filter((one) => isProxy(one, rule));
  const foreign = marked.filter((one) => owner !== undefined && ownerOf(one) !== owner && isRunning(one));
  if (foreign.length > 0) {
    const names = foreign.map((one) => `${one.container.name} (${ownerOf(one)})`).toSorted();
    return `nginx's container belongs to ${owner}, and none of its containers with ${wordOf(rule)} runs, but ${names.join(", ")} does; start nginx, or run \`sallyport-renderer release ${PROXY_NAME}\` if nginx has moved`;
  }
  const stopped = marked.map(({ container: { name, state } }) => `${name} is ${state}`);
  if (stopped.length > 0) return `nginx's container does not run: ${stopped.toSorted().join(", ")}; start it`;
  if (rule.kind === "container") return `no container is named ${rule.name}; correct \`proxy\` in the configuration`;
  if (rule.kind === "label") {
    const label = labelOf(rule);
    return `no running container has the label ${label}, set on the container and not by its image; add it to nginx's container, whose networks decide what is reachable`;
  }
  const problem =
    rule.id === undefined
      ? "the id of the renderer's own container is unknown"
      : `no container's id begins with ${rule.id}`;
  return `${problem}; add a label such as sallyport.proxy=true to this container and set \`proxy: {label: …}\``;
}

function wordOf(rule: Exclude<ProxyRule, { kind: "host" }>): string {
  return rule.kind === "label" ? `the label ${labelOf(rule)}` : "the name";
}

function labelOf({ name, value }: Extract<ProxyRule, { kind: "label" }>): string {
  return value === undefined ? name : `${name}=${value}`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "no network" : names.join(" ");
}
