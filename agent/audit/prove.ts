import type { CommandResult } from "../command-result.ts";
import { InclusionProof } from "./inclusion.ts";
import type { PublicKey } from "./public-key.ts";
import { TileWriter } from "./tiles.ts";
import { type Receiver, TrailReader } from "./trail-reader.ts";
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

/** Writes the records up to the newest checkpoint as static tiles (C2SP tlog-tiles). */
export function exportTrail(directory: string, key: PublicKey, target: string): CommandResult {
  return withSigned(directory, key, (size) => {
    const tiles = new TileWriter(target);
    return {
      onRecord: (_index, bytes, hash) => tiles.push(bytes, hash),
      finish: ({ begin, note }) => {
        if (begin > 1) return { failure: `records 1 to ${begin - 1} were pruned; tiles need all records`, exitCode: 2 };
        tiles.finish(note);
        return { output: `wrote ${size} records`, exitCode: 0 };
      },
    };
  });
}

interface Task extends Receiver {
  readonly finish: (read: { readonly begin: number; readonly note: string }) => CommandResult;
}

/** Reads and verifies the records up to the newest checkpoint. Calls `finish` if all of them are there. */
function withSigned(directory: string, key: PublicKey, begin: (size: number) => Task): CommandResult {
  try {
    const checkpoint = new TrailReader(directory, key).readCheckpoint();
    if (!checkpoint) return { failure: '"checkpoint" is missing', exitCode: 2 };
    const task = begin(checkpoint.size);
    const reader = new TrailReader(directory, key, task);
    reader.advance(checkpoint);
    const isShort = reader.conclude(checkpoint) < checkpoint.size;
    if (isShort || reader.missing.length > 0) return { failure: reader.missing.join("; "), exitCode: 2 };
    return task.finish({ begin: reader.begin, note: checkpoint.note });
  } catch (error) {
    const { message, exitCode } = failure(directory, error);
    return { failure: message, exitCode };
  }
}
