import type { Container } from "../shared/snapshot.ts";
import type { EngineEvent } from "./engine-response.ts";
import { healthOf, type Observed, safeName } from "./observed.ts";

/** State of one container. `container` is undefined when the policy hides it. */
export interface Known extends Pick<Observed, "stopSignal" | "stopMs" | "imageId" | "restarts"> {
  readonly container: Container | undefined;
  /** The image is not known, so that values, and labels that `only` lists require, count as the image's. */
  readonly isWaiting?: boolean;
  /** The network that it joined, which Docker's list may lack for a moment. */
  readonly joined?: string | undefined;
  /** Networks before those that it left, until another event. A container that crashes leaves its networks first. */
  readonly left?: Container["networks"] | undefined;
}

/** Decision for one event: nothing, one inspect, removal, or the new state if the event contains all of it. */
export type Step = "nothing" | "inspect" | "gone" | Container;

/** Decides what one event changes. Pure. */
export function fold(known: Known | undefined, event: EngineEvent): Step {
  const { action } = event;
  if (action === "destroy" || action === "remove") return "gone";
  const isAttachment = action === "connect" || action === "disconnect";
  // Docker connects a new container to its networks before the start event, which triggers an inspect.
  if (!known) return isAttachment ? "nothing" : "inspect";
  if (action === "start") return "inspect";
  if (!known.container) return isAttachment ? "inspect" : "nothing";
  return isAttachment ? reattached(known.container, event) : changed(known.container, known, event);
}

function changed(container: Container, known: Known, { action, detail, signal, name }: EngineEvent): Step {
  const { stopSignal, restarts } = known;
  switch (action) {
    case "die":
    case "died":
      return {
        ...container,
        // The event does not contain whether Docker starts it again.
        state: restarts && !container.stopping ? "restarting" : "exited",
        health: "none",
        stopping: false,
        networks: (known.left ?? container.networks).map(({ name }) => ({ name })),
      };
    case "pause":
      return { ...container, state: "paused" };
    case "unpause":
      return { ...container, state: "running" };
    case "kill":
      // Only the stop signal announces a stop; other signals are for the application.
      if (container.state !== "running" || Number(signal) !== stopSignal) return "nothing";
      return { ...container, stopping: true };
    case "rename":
      return name === undefined ? "inspect" : { ...container, name: safeName(name, container.id) };
    case "health_status":
      return healthOf(detail) === "none" ? "inspect" : { ...container, health: healthOf(detail) };
    default:
      return "nothing";
  }
}

/** Only a connect needs an inspect: the event does not contain the address. */
function reattached(container: Container, { action, network, name }: EngineEvent): Step {
  // A stopping container is disconnected from its networks before the die event.
  if ((container.state !== "running" && container.state !== "paused") || container.stopping) return "nothing";
  const left = network ?? name; // Podman sets `network`, Docker sets `name`.
  if (action === "connect" || left === undefined) return "inspect";
  return { ...container, networks: container.networks.filter((one) => one.name !== left) };
}
