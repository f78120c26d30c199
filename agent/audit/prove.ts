import { join } from "node:path";
import { quoted } from "../../shared/log.ts";
import { readSmall } from "../audit-files.ts";
import type { CommandResult } from "../command-result.ts";
import { InclusionProof } from "./inclusion.ts";
import type { PublicKey } from "./public-key.ts";
import { TileWriter } from "./tiles.ts";
import { type Receiver, Tampered, TrailReader } from "./trail-reader.ts";
import { failure } from "./verify.ts";

/** Returns a proof (C2SP tlog-proof) that the newest checkpoint contains a record. */
export function proveRecord(directory: string, key: PublicKey, seq: number): CommandResult {
  return withSigned(directory, key, (size) => {
    const proof = new InclusionProof(seq - 1, size);
    return {
      onPruned: (tree) => tree.subtrees().forEach(({ index, hash, height }) => proof.push(index, hash, height)),
      onRecord: (index, _bytes, hash) => proof.push(index, hash),
      finish: ({ begin, note }) => {
        if (seq < begin || seq > size)
          return { failure: `the trail has records ${begin} to ${size}, not ${seq}`, exitCode: 2 };
        const hashes = proof.hashes().map((hash) => `${hash.toString("base64")}\n`);
        return {
          output: `c2sp.org/tlog-proof@v1\nindex ${seq - 1}\n${hashes.join("")}\n${note.trimEnd()}`,
          exitCode: 0,
        };
      },
    };
  });
}

/**
 * Writes the records up to the newest checkpoint as static tiles (C2SP tlog-tiles). Writes nothing before it has verified
 * that the trail is complete and contains the records of an earlier export.
 */
export function exportTrail(directory: string, key: PublicKey, target: string): CommandResult {
  const verified = withSigned(directory, key, () => ({ earlier: join(target, "checkpoint"), finish: requireAll }));
  if (!("output" in verified)) return verified;
  return withSigned(directory, key, (size) => {
    const tiles = new TileWriter(target);
    return {
      onRecord: (_index, bytes, hash) => tiles.push(bytes, hash),
      finish: ({ note }) => {
        tiles.finish(note);
        return { output: `wrote ${size} records`, exitCode: 0 };
      },
    };
  });
}

function requireAll({ begin }: { readonly begin: number }): CommandResult {
  if (begin === 1) return { output: "", exitCode: 0 };
  return { failure: `records 1 to ${begin - 1} were pruned; tiles need all records`, exitCode: 2 };
}

interface Task extends Receiver {
  /** File of a checkpoint that the trail must contain, if the file exists. */
  readonly earlier?: string;
  readonly finish: (read: { readonly begin: number; readonly note: string }) => CommandResult;
}

/** Reads and verifies the records up to the newest checkpoint. Calls `finish` if all of them are there. */
function withSigned(directory: string, key: PublicKey, begin: (size: number) => Task): CommandResult {
  try {
    const checkpoint = new TrailReader(directory, key).readCheckpoint();
    if (!checkpoint) return { failure: '"checkpoint" is missing', exitCode: 2 };
    const task = begin(checkpoint.size);
    const reader = new TrailReader(directory, key, task);
    if (task.earlier !== undefined) requireEarlier(reader, key, task.earlier, checkpoint.size);
    reader.advance(checkpoint);
    reader.conclude(checkpoint);
    if (reader.missing.length > 0) return { failure: reader.missing.join("; "), exitCode: 2 };
    return task.finish({ begin: reader.begin, note: checkpoint.note });
  } catch (error) {
    return failure(directory, error);
  }
}

/** Reads up to the checkpoint in a file. Throws if the trail does not contain it. */
function requireEarlier(reader: TrailReader, key: PublicKey, file: string, size: number): void {
  const note = readSmall(file);
  if (note === undefined) return;
  const earlier = key.open(note);
  const advice = "keep it as evidence, and export to another directory";
  if (!earlier) throw new Tampered(`${quoted(file)} is not signed by the key of ${key.name}; ${advice}`);
  if (earlier.size > size)
    throw new Tampered(`${quoted(file)} has ${earlier.size} records, the trail ${size}; ${advice}`);
  reader.advance(earlier);
}
