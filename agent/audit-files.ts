import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { quoted } from "../shared/log.ts";

/** Maximum size of a record in bytes: an entry of a C2SP tile. */
export const MAX_RECORD_BYTES = 65_535;

const CHUNK_BYTES = 4 * (MAX_RECORD_BYTES + 1);

/** Returns the path of the trail file whose first record has this sequence number. */
export function trailFile(directory: string, firstSeq: number): string {
  return join(directory, `trail-${String(firstSeq).padStart(15, "0")}.jsonl`);
}

/** Returns the files of a trail in the order of their records; the last one is the current one. */
export function trailFiles(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => /^trail-[0-9]{15}\.jsonl$/.test(name));
  return names.toSorted().map((name) => join(directory, name));
}

/** Returns the sequence number in the name of a trail file. */
export function firstSeqOf(file: string): number {
  return Number(file.slice(-21, -6));
}

/** One line of a file without its line end. The bytes are valid until the next line is read. */
export interface Line {
  readonly bytes: Buffer;
  /** Offset of the next line. */
  readonly end: number;
  /** A line that is not complete or too long is the last one. */
  readonly fault?: "is incomplete" | "is longer than 65,535 bytes";
}

/** Yields the lines of a regular file from an offset, in constant memory. */
export function* readLines(file: string, from = 0): Generator<Line, void> {
  const fd = openRegular(file);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let [offset, held] = [from, 0]; ;) {
      const read = readSync(fd, chunk, held, CHUNK_BYTES - held, offset + held);
      held += read;
      let begin = 0;
      for (let stop = chunk.indexOf(10); stop >= 0 && stop < held; stop = chunk.indexOf(10, begin)) {
        const bytes = chunk.subarray(begin, stop);
        begin = stop + 1;
        if (bytes.length > MAX_RECORD_BYTES)
          return yield { bytes, end: offset + begin, fault: "is longer than 65,535 bytes" };
        yield { bytes, end: offset + begin };
      }
      const rest = chunk.subarray(begin, held);
      if (rest.length > MAX_RECORD_BYTES)
        return yield { bytes: rest, end: offset + held, fault: "is longer than 65,535 bytes" };
      if (read === 0)
        return rest.length > 0 ? yield { bytes: rest, end: offset + held, fault: "is incomplete" } : undefined;
      chunk.copyWithin(0, begin, held);
      [offset, held] = [offset + begin, rest.length];
    }
  } finally {
    closeSync(fd);
  }
}

/** Returns the text of a small regular file, or undefined if it does not exist. */
export function readSmall(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const fd = openRegular(file);
  try {
    if (fstatSync(fd).size > MAX_RECORD_BYTES) throw new Error(`${quoted(file)} is too large`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/** Opens a regular file for reading. Follows no link and waits for no FIFO. */
export function openRegular(file: string): number {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${quoted(file)} is not a regular file`);
}
