import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { ProxyRule } from "./route-rules.ts";
import type { Blocked } from "./routes.ts";

/** The Docker networks on which nginx reaches containers. */
export type ReachableNetworks =
  | { readonly kind: "all" }
  | { readonly kind: "networks"; readonly agent: string; readonly names: readonly string[] };

/** Returns nginx's networks, or what to do so that its container can be found. */
export function findReachableNetworks(
  known: readonly InventoryContainer[],
  rule: ProxyRule,
): ReachableNetworks | Blocked {
  if (rule.kind === "host") return { kind: "all" };
  const proxy = known.filter((one) => isProxy(one, rule)).toSorted(byAge)[0];
  if (!proxy) return { kind: "blocked", reason: notFound(rule) };
  const names = proxy.container.networks.map(({ name }) => name).toSorted();
  return { kind: "networks", agent: proxy.agent, names };
}

/** Returns whether the container is nginx's by this rule. */
export function isProxy({ container }: InventoryContainer, rule: Exclude<ProxyRule, { kind: "host" }>): boolean {
  if (rule.kind === "container") return container.name === rule.name;
  if (rule.kind === "self") return rule.id !== undefined && container.id.startsWith(rule.id);
  if (!Object.hasOwn(container.labels, rule.name)) return false;
  return rule.value === undefined || container.labels[rule.name] === rule.value;
}

/** Oldest first, so that a new container cannot take nginx's place; the id decides between equals. */
function byAge(a: InventoryContainer, b: InventoryContainer): number {
  return a.container.createdAt - b.container.createdAt || (a.container.id < b.container.id ? -1 : 1);
}

function notFound(rule: Exclude<ProxyRule, { kind: "host" }>): string {
  if (rule.kind === "container") return `no container is named ${rule.name}; correct \`proxy\` in the configuration`;
  if (rule.kind === "label") {
    const label = rule.value === undefined ? rule.name : `${rule.name}=${rule.value}`;
    return `no container has the label ${label}; add it to nginx's container, whose networks decide what is reachable`;
  }
  const problem =
    rule.id === undefined
      ? "the id of the renderer's own container is unknown"
      : `no container's id begins with ${rule.id}`;
  return `${problem}; add a label such as sallyport.proxy=true to this container and set \`proxy: {label: …}\``;
}
