import type { Container } from "../shared/snapshot.ts";
import type { EngineEvent } from "./inspected.ts";
import { healthOf, safeName } from "./observed.ts";

/** What the agent holds of one container. `container` is undefined when the policy hides it. */
export interface Known {
  readonly container: Container | undefined;
  /** Number of the signal that means its end. */
  readonly stopSignal: number;
  /** Milliseconds Docker waits after that signal before it kills. */
  readonly stopMs: number;
}

/** What one event asks for: at most one look at the container, or none where the event says all. */
export type Step = "nothing" | "inspect" | "gone" | Container;

/** Pure: what is known and what Docker says happened → what to do. */
export function fold(known: Known | undefined, event: EngineEvent): Step {
  const { action } = event;
  if (action === "destroy" || action === "remove") return "gone";
  const isAttachment = action === "connect" || action === "disconnect";
  // Docker attaches a new container before it starts it; the start is looked at.
  if (!known) return isAttachment ? "nothing" : "inspect";
  if (action === "start") return "inspect";
  if (!known.container) return isAttachment ? "inspect" : "nothing";
  return isAttachment ? reattached(known.container, event) : changed(known.container, known.stopSignal, event);
}

function changed(container: Container, stopSignal: number, { action, detail, signal, name }: EngineEvent): Step {
  switch (action) {
    case "die":
    case "died":
      return { ...container, state: "exited", health: "none", stopping: false, networks: detached(container) };
    case "pause":
      return { ...container, state: "paused" };
    case "unpause":
      return { ...container, state: "running" };
    case "kill":
      // A HUP is for the app; only the stop signal announces the end.
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

/** Only an attachment brings something that has to be asked for: the address. */
function reattached(container: Container, { action, network, name }: EngineEvent): Step {
  // One that is ending loses its networks before Docker tells that it died; that is no news.
  if ((container.state !== "running" && container.state !== "paused") || container.stopping) return "nothing";
  const left = network ?? name; // Podman's word, or Docker's
  if (action === "connect" || left === undefined) return "inspect";
  return { ...container, networks: container.networks.filter((one) => one.name !== left) };
}

function detached(container: Container): Container["networks"] {
  return container.networks.map(({ name }) => ({ name }));
}
