import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Milliseconds after which a change is given up: something is broken then. */
const PATIENCE_MS = 120_000;

/** Resolves when the file's bytes are as wanted, with the time of the change that made them so (monotonic, ns). */
export async function changedTo(file: string, isWanted: (bytes: Buffer) => boolean): Promise<bigint> {
  if (isWanted(read(file))) return process.hrtime.bigint();
  return await new Promise<bigint>((resolve, reject) => {
    const watcher = watch(dirname(file), (_event, name) => {
      // Taken before the file is read: how long the bench takes to look is not on anybody's account.
      const at = process.hrtime.bigint();
      // Nor are looks while a temporary file beside it grows, behind which the news of the rename would wait.
      if (name !== null && name !== basename(file)) return;
      if (!isWanted(read(file))) return;
      finish();
      resolve(at);
    });
    const given = setTimeout(() => {
      finish();
      reject(new Error(`${file} did not change as it should within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    const finish = (): void => {
      clearTimeout(given);
      watcher.close();
    };
    // Between the first look and the watcher something may have happened.
    if (isWanted(read(file))) {
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
