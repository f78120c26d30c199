import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Blocked } from "./routes.ts";

/** How to know which container addresses nginx can reach. */
export type ProxyRule =
  /** nginx is the (oldest) container with this label; without `value`, whatever the label says. */
  | { readonly kind: "label"; readonly name: string; readonly value?: string }
  | { readonly kind: "container"; readonly name: string }
  /** nginx runs in this very container, whose id begins so; undefined when it cannot be told. */
  | { readonly kind: "self"; readonly id: string | undefined }
  /** nginx runs on the Docker host itself: every container address is reachable. */
  | { readonly kind: "host" };

export type Reach =
  | { readonly kind: "everywhere" }
  | { readonly kind: "networks"; readonly agent: string; readonly names: readonly string[] };

/** The networks nginx is on, or what a person has to do so that they can be known. */
export function findReach(known: readonly InventoryContainer[], rule: ProxyRule): Reach | Blocked {
  if (rule.kind === "host") return { kind: "everywhere" };
  const proxy = known.filter((one) => isProxy(one, rule)).toSorted(byAge)[0];
  if (!proxy) return { kind: "blocked", reason: advice(rule) };
  const names = proxy.container.networks.map(({ name }) => name).toSorted();
  return { kind: "networks", agent: proxy.agent, names };
}

/** Whether the rule takes this container for nginx. */
export function isProxy({ container }: InventoryContainer, rule: Exclude<ProxyRule, { kind: "host" }>): boolean {
  if (rule.kind === "container") return container.name === rule.name;
  if (rule.kind === "self") return rule.id !== undefined && container.id.startsWith(rule.id);
  if (!Object.hasOwn(container.labels, rule.name)) return false;
  return rule.value === undefined || container.labels[rule.name] === rule.value;
}

/** Oldest first; the id decides between equals, so that the choice never depends on order. */
function byAge(a: InventoryContainer, b: InventoryContainer): number {
  return a.container.createdAt - b.container.createdAt || (a.container.id < b.container.id ? -1 : 1);
}

function advice(rule: Exclude<ProxyRule, { kind: "host" }>): string {
  if (rule.kind === "container") return `no container is named ${rule.name}: correct \`proxy\` in the configuration`;
  if (rule.kind === "self") return unknownSelf(rule.id);
  const label = rule.value === undefined ? rule.name : `${rule.name}=${rule.value}`;
  return `no container carries the label ${label}: give it to nginx's container, so that its networks are known`;
}

function unknownSelf(id: string | undefined): string {
  const why = id === undefined ? "it cannot be told which container this is" : `no container's id begins with ${id}`;
  return `${why}: give this container a label, such as sallyport.proxy=true, and name it by \`proxy: {label: …}\``;
}
