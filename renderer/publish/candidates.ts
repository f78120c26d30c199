import type { Part } from "./destination.ts";
import type { ControlResult } from "./server-control.ts";

/** What came of checking candidates: messages say whose they are where there are several. */
export type Checked =
  | Exclude<ControlResult, { readonly kind: "ok" | "unchecked" }>
  | { readonly kind: "ok" | "unchecked" };

/**
 * Stages every text before the first is checked, for a server may read several. Ends with the first that is refused or
 * that nobody can check now; `unchecked` when nobody looked at one of them. Throws WriteError.
 */
export async function checkTogether(parts: readonly Part[], tell: Tell): Promise<Checked> {
  for (const { volume, wanted } of parts) await volume.stage(wanted);
  let all: Checked = { kind: "ok" };
  for (const part of parts) {
    const found = await part.server.check(part.volume.candidate, part.volume.isBeside);
    if (found.kind === "unavailable") return { kind: found.kind, message: tell(part, found.message) };
    if (found.kind === "rejected")
      return { kind: found.kind, message: tell(blamed(found.message, parts) ?? part, found.message) };
    if (found.kind === "unchecked") all = found;
  }
  return all;
}

/** A check that looks at several candidates names the one it means. */
function blamed(message: string, parts: readonly Part[]): Part | undefined {
  return parts.find(({ volume }) => message.includes(volume.candidate));
}

/** Makes a message of one part a message of all. */
export type Tell = (part: Part, message: string) => string;

/** Says whose a message is, unless there is only one. */
export function tellFor(parts: readonly Part[]): Tell {
  return ({ volume }, message) => (parts.length > 1 ? `${volume.live}: ${message}` : message);
}
