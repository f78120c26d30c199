import { closeSync, openSync, readSync } from "node:fs";
import { trailFiles } from "../audit.ts";
import { readRecord, type ReadRecord } from "../audit-record.ts";

/** One line of a trail. `record` is undefined when it is none; `isWhole` false when the line has no end. */
export interface TrailLine {
  readonly at: string;
  /** Its number in its file, from 1. */
  readonly number: number;
  readonly record: ReadRecord | undefined;
  readonly isWhole: boolean;
}

/** Every line of a trail in the order written. Throws the system's error, or that there is no trail. */
export function* readTrail(directory: string): Generator<TrailLine> {
  const files = trailFiles(directory);
  if (files.length === 0) throw new Error(`no trail in ${directory}`);
  for (const file of files) {
    let number = 0;
    for (const text of fileLines(file)) {
      number += 1;
      yield { at: `${file}:${number}`, number, record: readRecord(text), isWhole: text.endsWith("\n") };
    }
  }
}

/** What cannot be read, for a person. */
export function unreadable(directory: string, error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `${path ?? directory}: ${code}; read it as the agent's user`;
}

/** Lines with their ends; read in pieces, for a trail may be larger than memory. */
function* fileLines(file: string): Generator<string> {
  const descriptor = openSync(file, "r");
  const piece = Buffer.alloc(1024 * 1024);
  let rest = "";
  try {
    for (let read = readSync(descriptor, piece); read > 0; read = readSync(descriptor, piece)) {
      const texts = (rest + piece.toString("latin1", 0, read)).split(/(?<=\n)/);
      rest = texts.at(-1)?.endsWith("\n") === false ? texts.pop()! : "";
      yield* texts;
    }
    if (rest !== "") yield rest;
  } finally {
    closeSync(descriptor);
  }
}
