import { createHash } from "node:crypto";
import { membershipOf, ONE_OFF_LABEL } from "../../shared/compose.ts";
import type { Container } from "../../shared/snapshot.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";

/** Longest name of a project as it is recorded, in characters. */
const MAX_PROJECT = 200;

/** Owner of the names of static routes. */
export const OPERATOR = "the operator";

/**
 * Returns the owner of everything that a container requests: its Compose project or stack, or else the Swarm service, or else the container itself. Names
 * of containers are unique on a Docker host, and remain when a container is re-created. Ownership never comes from an
 * image.
 */
export function ownerOf({ dockerHost, container }: InventoryContainer): string {
  const project = projectOf(container);
  if (project !== undefined) return `project ${shortened(project)}`;
  return container.task ? `service ${container.task.service}` : `container ${container.name} on ${dockerHost}`;
}

/** Owners are recorded, so a name that no version of Compose allows must not fill the file. */
function shortened(project: string): string {
  if (project.length <= MAX_PROJECT) return project;
  return `${project.slice(0, MAX_PROJECT)}…${createHash("sha256").update(project).digest("hex")}`;
}

export function projectOf(container: Container): string | undefined {
  return membershipOf(container).project;
}

/** Returns the containers that are replicas of each other: those of one service, or else the container itself. */
export function serviceOf(known: InventoryContainer): string {
  const { project, service } = membershipOf(known.container);
  if (project === undefined) return ownerOf(known);
  const own = `project ${shortened(project)}`;
  return service === undefined ? own : `service ${shortened(service)} of ${own}`;
}

/** Returns whether `docker compose run` created the container. */
export function isOneOff({ labels, fromImage }: Container): boolean {
  const isSet = Object.hasOwn(labels, ONE_OFF_LABEL) && labels[ONE_OFF_LABEL]!.toLowerCase() === "true";
  return isSet && !fromImage.labels.includes(ONE_OFF_LABEL);
}

/** Returns whether a value counts as the image's own, which it does while the image could not be inspected. */
export function isFromImage({ fromImage }: Container, from: "env" | "label", name: string): boolean {
  return !fromImage.read || (from === "env" ? fromImage.env : fromImage.labels).includes(name);
}
