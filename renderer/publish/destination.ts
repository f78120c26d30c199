import type { RenderedFile } from "./rendered-file.ts";
import type { ServerControl } from "./server-control.ts";
import type { Volume } from "./volume.ts";

/** A file that is published, and the server that reads it. */
export interface Destination {
  readonly volume: Volume;
  readonly server: ServerControl;
  /** The reload method. Destinations with the same one are reloaded once, together. */
  readonly reload: string;
}

/** A destination and the file it should contain. */
export interface Part extends Destination {
  readonly wanted: RenderedFile;
  /** What to do even if the file is live and confirmed: reload the server, or check and publish the file as a new one. */
  readonly again?: "reload" | "publish" | undefined;
}

/** A part whose file is not live, or whose server is due for a reload. */
export interface OpenPart extends Part {
  /** The live file when the attempt began. */
  readonly before: RenderedFile | undefined;
  /** Whether only a reload is due. */
  readonly isLive: boolean;
}

/** Returns undefined if there is nothing to do for the part. Throws WriteError. */
export function openPart(part: Part): OpenPart | undefined {
  const { volume, wanted } = part;
  const before = volume.readLive();
  const isLive = wanted.equals(before) && part.again !== "publish";
  const isDone = isLive && part.again === undefined && volume.readState().confirmed === before?.hash;
  return isDone ? undefined : { ...part, before, isLive };
}

/** Returns the file to roll back to; undefined if no file was good. */
export function goodOf({ volume, before, isLive }: OpenPart): RenderedFile | undefined {
  if (isLive) return volume.readLastGood();
  return before?.hash === volume.readState().confirmed ? before : (volume.readLastGood() ?? before);
}
