import { closeSync, openSync, readSync } from "node:fs";
import { trailFiles } from "../audit.ts";
import { quoted } from "../../shared/log.ts";
import { readRecord, type ReadRecord } from "../audit-record.ts";

/** One line of a trail. `record` is undefined for an invalid record; `isWhole` is false without a line end. */
export interface TrailLine {
  readonly at: string;
  /** Line number in its file, from 1. */
  readonly number: number;
  readonly record: ReadRecord | undefined;
  readonly isWhole: boolean;
}

/** Yields every line of a trail in the order written. Throws when there is no trail or it cannot be read. */
export function* readTrail(directory: string): Generator<TrailLine> {
  const files = trailFiles(directory);
  if (files.length === 0) throw new Error(`${quoted(directory)} contains no audit trail`);
  for (const file of files) {
    let number = 0;
    for (const text of fileLines(file)) {
      number += 1;
      yield { at: `${file}:${number}`, number, record: readRecord(text), isWhole: text.endsWith("\n") };
    }
  }
}

/** Returns an error message for a trail that cannot be read. */
export function unreadable(directory: string, error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `${quoted(path ?? directory)}: ${code}; run the command as the agent's user`;
}

/** Yields lines with their line ends. Reads in chunks, because a trail may be larger than memory. */
function* fileLines(file: string): Generator<string> {
  const descriptor = openSync(file, "r");
  const chunk = Buffer.alloc(1024 * 1024);
  let rest = "";
  try {
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      const texts = (rest + chunk.toString("latin1", 0, read)).split(/(?<=\n)/);
      rest = texts.at(-1)?.endsWith("\n") === false ? texts.pop()! : "";
      yield* texts;
    }
    if (rest !== "") yield rest;
  } finally {
    closeSync(descriptor);
  }
}
