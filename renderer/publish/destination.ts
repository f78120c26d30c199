import type { RenderedFile } from "./rendered-file.ts";
import type { ServerControl } from "./server-control.ts";
import type { Volume } from "./volume.ts";

/** A file that is kept, and the server that reads it. */
export interface Destination {
  readonly volume: Volume;
  readonly server: ServerControl;
  /** The way to reload: where it is the same, the server is told once for all its files. */
  readonly reload: string;
}

/** A destination and the text that shall stand in it. */
export interface Part extends Destination {
  readonly wanted: RenderedFile;
  /** The server is told although it has this text. */
  readonly again?: boolean;
}

/** A part that is not live, or that is and of which the server is to be told. */
export interface OpenPart extends Part {
  /** What was live when the attempt began. */
  readonly before: RenderedFile | undefined;
  readonly isLive: boolean;
}

/** Undefined when nothing is to be done for the part. Throws WriteError. */
export function openPart(part: Part): OpenPart | undefined {
  const { volume, wanted } = part;
  const before = volume.readLive();
  const isLive = wanted.equals(before);
  const isDone = isLive && part.again !== true && volume.readState().confirmed === before?.hash;
  return isDone ? undefined : { ...part, before, isLive };
}

/** What to return to if the part turns out bad; undefined when nothing is known to be better. */
export function goodOf({ volume, before, isLive }: OpenPart): RenderedFile | undefined {
  if (isLive) return volume.readLastGood();
  return before?.hash === volume.readState().confirmed ? before : (volume.readLastGood() ?? before);
}
