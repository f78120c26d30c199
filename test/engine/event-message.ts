import { type Container, imageOf } from "./container.ts";
import type { Network } from "./network.ts";

/** One line of `GET /events` without its times. The lowercase fields are legacy and occur for containers only. */
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
 * Labels are part of the attributes and, as in a real engine, replace attributes of the action: a container with a
 * label `signal` forges the signal of its `kill`. Only `image` and `name` cannot be forged.
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

/** The container is an attribute; only for `connect` and `disconnect`. */
export function networkEvent(network: Network, action: string, container?: Container): EventMessage {
  const Attributes = { name: network.name, type: network.driver };
  return {
    Type: "network",
    Action: action,
    Actor: { ID: network.id, Attributes: container ? { container: container.id, ...Attributes } : Attributes },
    scope: network.options.scope ?? "local",
  };
}
