import type { Hold } from "../routes/routes.ts";
import { Printed } from "./printed.ts";
import { type Outcome, publish } from "./publication.ts";
import type { ServerControl } from "./server-control.ts";
import type { Volume } from "./volume.ts";

/** Says what a check has against a text; undefined when it is good. Throws when there is nobody to check it now. */
export type CheckText = (text: Buffer) => Promise<string | undefined>;

/** What is published, told by whoever knows it. */
export interface Source<Wanted> {
  /** What is wanted now; undefined while not every agent has told everything once. */
  readonly wanted: () => Wanted | Hold | undefined;
  /** Stands where nothing is known yet, so that the server can start. */
  readonly nothing: Wanted;
  /** Throws TemplateError. */
  readonly render: (wanted: Wanted) => Buffer | Promise<Buffer>;
  /** What is left of it when those that the check refuses are set aside; undefined when that would not help. */
  readonly reduce?: (wanted: Wanted, check: CheckText) => Promise<Wanted | undefined>;
  /** It is live. */
  readonly published?: (wanted: Wanted) => void;
}

/** What was to be published in the end, and how that went. */
interface Attempted<Wanted> {
  readonly wanted: Wanted;
  readonly text: Printed;
  readonly outcome: Outcome;
}

/** Publishes; when the check refuses the text, once more without those that it is refused for. */
export async function publishOrReduce<Wanted>(
  { wanted, text }: Omit<Attempted<Wanted>, "outcome">,
  source: Pick<Source<Wanted>, "render" | "reduce"> & { readonly volume: Volume; readonly server: ServerControl },
  again: boolean,
): Promise<Attempted<Wanted>> {
  const { volume, server, render, reduce } = source;
  const outcome = await publish(text, volume, server, again);
  if (outcome.kind !== "refused" || outcome.by !== "check" || !reduce) return { wanted, text, outcome };
  const reduced = await reduce(wanted, async (some) => await check(some, volume, server));
  if (!reduced) return { wanted, text, outcome };
  const less = new Printed(await render(reduced));
  return { wanted: reduced, text: less, outcome: await publish(less, volume, server) };
}

async function check(text: Buffer, volume: Volume, server: ServerControl): Promise<string | undefined> {
  await volume.stage(new Printed(text));
  const verdict = await server.check(volume.candidate);
  if (verdict.kind === "unavailable") throw new Error(verdict.message);
  if (verdict.kind !== "rejected") return undefined;
  volume.discard();
  return verdict.message;
}
