import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineProcess } from "./engine-process.ts";

/** The environment of a benchmark: an engine with containers, a directory for the subject and one for its file. */
export interface Stage {
  readonly engine: EngineProcess;
  readonly own: string;
  readonly file: string;
  close(): Promise<void>;
}

export async function createStage(count: number, serve = false): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  chmodSync(directory, 0o755);
  const [own, output] = [join(directory, "own"), join(directory, "output")];
  for (const path of [own, output]) mkdirSync(path);
  const engine = await EngineProcess.start(join(directory, "docker.sock"), serve);
  await engine.send({ kind: "populate", count });
  return {
    engine,
    own,
    file: join(output, "default.conf"),
    async close() {
      await engine.close();
      rmSync(directory, { recursive: true });
    },
  };
}
