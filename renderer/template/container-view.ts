import { membershipOf } from "../../shared/compose.ts";
import type { Attachment, Task } from "../../shared/snapshot.ts";
import { keyOf, type InventoryContainer } from "../inventory/inventory-change.ts";
import { ownerOf } from "../routes/owner.ts";
import { SWARM_INGRESS } from "../routes/upstream-server.ts";
import type { Model } from "./model.ts";
import { compareTexts } from "./plain-record.ts";

/** Sorts containers as templates list them: by Docker host, then name, then id. */
export function inOrder(known: readonly InventoryContainer[]): InventoryContainer[] {
  const keys = new Map(known.map((one) => [one, `${one.dockerHost}\n${one.container.name}\n${keyOf(one)}`]));
  return known.toSorted((a, b) => compareTexts(keys.get(a)!, keys.get(b)!));
}

export const CONTAINER_FIELDS: readonly string[] = (
  "id shortId name host state stopping health createdAt startedAt image env labels ownEnv ownLabels " +
  "owner project service task networks ports ip"
).split(" ");

const views = new WeakMap<InventoryContainer, { readonly network: string | undefined; readonly view: Model }>();

/** Returns a container as templates see it, without unknown fields. @internal */
export function containerView(known: InventoryContainer): Model {
  return containerViewOn(undefined)(known);
}

/**
 * Returns containers as the templates of a target see them whose program is on this network. Returns the same object for the
 * same record.
 */
export function containerViewOn(network: string | undefined): (known: InventoryContainer) => Model {
  return (known) => {
    const cached = views.get(known);
    if (cached && cached.network === network) return cached.view;
    const view = viewOf(known, network);
    views.set(known, { network, view });
    return view;
  };
}

function viewOf(known: InventoryContainer, network: string | undefined): Model {
  const { dockerHost: host, container } = known;
  const { id, name, image, state, stopping, health, createdAt, startedAt, env, labels, fromImage } = container;
  const networks = container.networks.toSorted((a, b) => compareTexts(a.name, b.name));
  return {
    id,
    shortId: id.slice(0, 12),
    name,
    host,
    state,
    stopping,
    health,
    createdAt,
    env,
    labels,
    ...present({ image, startedAt }),
    ownEnv: fromImage.read ? without(env, fromImage.env) : {},
    ownLabels: fromImage.read ? without(labels, fromImage.labels) : {},
    owner: ownerOf(known),
    ...present({ ...membershipOf(container), task: container.task && taskView(container.task) }),
    networks: networks.map(({ name, ipv4, ipv6 }) => ({ name, ...present({ ipv4, ipv6 }) })),
    ports: container.ports.map(({ port, proto, published = [] }) => ({ port, proto, published })),
    ...present({ ip: addressOn(networks, network ?? labels["sallyport.network"]) }),
  };
}

function taskView({ vips = [], ...task }: Task): Model {
  return { ...present(task), vips: vips.map(({ name, ipv4, ipv6 }) => ({ name, ...present({ ipv4, ipv6 }) })) };
}

/** Returns the first address on the named network, or on any, IPv4 before IPv6. */
function addressOn(networks: readonly Attachment[], only: string | undefined): string | undefined {
  const usable = networks.filter(({ name }) => (only === undefined ? name !== SWARM_INGRESS : name === only));
  return usable.find(({ ipv4 }) => ipv4)?.ipv4 ?? usable.find(({ ipv6 }) => ipv6)?.ipv6;
}

function without(record: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function present(fields: Readonly<Record<string, Model | undefined>>): Record<string, Model> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
