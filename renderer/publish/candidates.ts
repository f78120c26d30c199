import type { Part } from "./destination.ts";
import type { ControlResult } from "./server-control.ts";

/**
 * Checks candidates. All are staged before the first check, because a server may read several. Stops at the first that is
 * rejected or cannot be checked now. Returns `unchecked` if one of them has no check. Throws WriteError.
 */
export async function checkTogether(parts: readonly Part[], label: Label): Promise<ControlResult> {
  for (const { volume, wanted } of parts) await volume.stage(wanted);
  let all: ControlResult = { kind: "ok" };
  for (const part of parts) {
    const found = await part.server.check(part.volume.candidate, part.volume.isBelowLive);
    if (found.kind === "unavailable") return { kind: found.kind, message: label(part, found.message) };
    if (found.kind === "rejected")
      return { kind: found.kind, message: label(partNamedIn(found.message, parts) ?? part, found.message) };
    if (found.kind === "unchecked") all = found;
  }
  return all;
}

/** A check that reads several candidates names the one with the error. */
function partNamedIn(message: string, parts: readonly Part[]): Part | undefined {
  return parts.find(({ volume }) => message.includes(volume.candidate));
}

export type Label = (part: Part, message: string) => string;

/** Returns a label that adds the path only if there are several parts. */
export function labelFor(parts: readonly Part[]): Label {
  return ({ volume }, message) => (parts.length > 1 ? `${volume.live}: ${message}` : message);
}

/** Checks files as a trial. Returns why they were rejected, or undefined. Throws if they cannot be checked now. */
export async function checkFiles(parts: readonly Part[]): Promise<string | undefined> {
  const checked = await checkTogether(parts, labelFor(parts));
  if (checked.kind === "unavailable") throw new Error(checked.message);
  if (checked.kind !== "rejected") return undefined;
  for (const { volume } of parts) volume.discard();
  return checked.message;
}
