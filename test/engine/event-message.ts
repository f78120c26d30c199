import { type Container, imageOf } from "./container.ts";
import type { Network } from "./network.ts";

/** One line of `GET /events` without its times. The lower-case fields are old and of containers only. */
export interface EventMessage {
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: string;
}

/**
 * Labels travel in the attributes and, as from a real engine, replace whatever the action has to add: a
 * container with a label `signal` forges that of its `kill`. Only `image` and `name` are safe from it.
 */
export function containerEvent(
  container: Container,
  action: string,
  more: Readonly<Record<string, string>> = {},
): EventMessage {
  const image = imageOf(container);
  return {
    status: action,
    id: container.id,
    from: image,
    Type: "container",
    Action: action,
    Actor: { ID: container.id, Attributes: { ...more, ...container.options.labels, image, name: container.name } },
    scope: "local",
  };
}

/** The container concerned is an attribute: `connect` and `disconnect` only. */
export function networkEvent(network: Network, action: string, container?: Container): EventMessage {
  const Attributes = { name: network.name, type: network.driver };
  return {
    Type: "network",
    Action: action,
    Actor: { ID: network.id, Attributes: container ? { container: container.id, ...Attributes } : Attributes },
    scope: network.options.scope ?? "local",
  };
}
