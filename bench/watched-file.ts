import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Milliseconds until a missing change is an error. */
const TIMEOUT_MS = 120_000;

/** Resolves when `isExpected` accepts the file, with the time of that change (monotonic, ns). */
export async function changedTo(file: string, isExpected: (bytes: Buffer) => boolean): Promise<bigint> {
  if (isExpected(read(file))) return process.hrtime.bigint();
  return await new Promise<bigint>((resolve, reject) => {
    const watcher = watch(dirname(file), (_event, name) => {
      // Taken before the file is read, so that reading is not part of the measurement.
      const at = process.hrtime.bigint();
      // Reading at each write of the temporary file would delay the event of the rename.
      if (name !== null && name !== basename(file)) return;
      if (!isExpected(read(file))) return;
      finish();
      resolve(at);
    });
    const timer = setTimeout(() => {
      finish();
      reject(new Error(`${file} did not change as expected within ${TIMEOUT_MS} ms`));
    }, TIMEOUT_MS);
    const finish = (): void => {
      clearTimeout(timer);
      watcher.close();
    };
    // The file may have changed before the watcher started.
    if (isExpected(read(file))) {
      finish();
      resolve(process.hrtime.bigint());
    }
  });
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
