import type { Container } from "../shared/snapshot.ts";
import type { EngineEvent } from "./inspected.ts";
import { safeName } from "./sanitize.ts";

/** What the agent holds of one container. `container` is undefined when the policy hides it. */
export interface Known {
  readonly container: Container | undefined;
  /** Number of the signal that means its end. */
  readonly stopSignal: number;
  /** Milliseconds Docker waits after that signal before it kills. */
  readonly stopMs: number;
}

/** What one event asks for: at most one look at the container, or none where the event says all. */
export type Step =
  | { readonly kind: "nothing" }
  | { readonly kind: "inspect" }
  | { readonly kind: "gone" }
  | { readonly kind: "set"; readonly container: Container };

const nothing: Step = { kind: "nothing" };
const inspect: Step = { kind: "inspect" };

/** The container an event is about: its actor, or the one that was attached to or left a network (Podman: its actor). */
export function subjectOf({ Type, Actor }: EngineEvent): string {
  return (Type === "network" ? Actor.Attributes?.container : undefined) ?? Actor.ID;
}

/** Pure: what is known and what Docker says happened → what to do. */
export function fold(known: Known | undefined, event: EngineEvent): Step {
  const [action = "", detail = ""] = event.Action.split(": ");
  if (action === "destroy" || action === "remove") return { kind: "gone" };
  const isAttachment = action === "connect" || action === "disconnect";
  // Docker attaches a new container before it starts it; the start is looked at.
  if (!known) return isAttachment ? nothing : inspect;
  if (action === "start") return inspect;
  const { container } = known;
  if (!container) return isAttachment ? inspect : nothing;
  if (isAttachment) return isAlive(container) ? reattached(container, event) : nothing;
  switch (action) {
    case "die":
    case "died":
      return set({ ...container, state: "exited", health: "none", stopping: false, networks: detached(container) });
    case "pause":
      return set({ ...container, state: "paused" });
    case "unpause":
      return set({ ...container, state: "running" });
    case "kill":
      return isFarewell(known, event) ? set({ ...container, stopping: true }) : nothing;
    case "rename":
      return renamed(container, event.Actor.Attributes?.name);
    case "health_status":
      return healthTold(container, detail);
    default:
      return nothing;
  }
}

/** Only an attachment brings something that has to be asked for: the address. */
function reattached(container: Container, { Action, Actor }: EngineEvent): Step {
  const left = Actor.Attributes?.network ?? Actor.Attributes?.name; // Podman's word, or Docker's
  if (Action === "connect" || left === undefined) return inspect;
  return set({ ...container, networks: container.networks.filter(({ name }) => name !== left) });
}

/** One that is ending loses its networks before Docker tells that it died; that is no news. */
function isAlive({ state, stopping }: Container): boolean {
  return (state === "running" || state === "paused") && !stopping;
}

function set(container: Container): Step {
  return { kind: "set", container };
}

function detached(container: Container): Container["networks"] {
  return container.networks.map(({ name }) => ({ name }));
}

/** A HUP is for the app; only the stop signal announces the end. */
function isFarewell(known: Known, event: EngineEvent): boolean {
  return known.container?.state === "running" && Number(event.Actor.Attributes?.signal) === known.stopSignal;
}

function renamed(container: Container, name: string | undefined): Step {
  return name === undefined ? inspect : set({ ...container, name: safeName(name, container.id) });
}

function healthTold(container: Container, health: string): Step {
  const isWord = health === "healthy" || health === "unhealthy" || health === "starting";
  return isWord ? set({ ...container, health }) : inspect;
}
