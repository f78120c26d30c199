import { chmodSync } from "node:fs";
import type { Engine } from "../test/engine/engine.ts";
import { startEngine } from "../test/engine/engine.ts";
import type { Answer, Word } from "./engine-words.ts";
import { countSocketBytes } from "./socket-bytes.ts";

/** A container as the bench makes it: routed, exposing one port, with a secret like most. */
const made = (name: string) =>
  ({
    name,
    networks: ["front"],
    expose: [5000],
    health: "healthy",
    env: { VIRTUAL_HOST: `${name}.example`, PASSWORD: "of no concern" },
  }) as const;

/** The embedded engine in a process of its own, so that its work is on nobody's account. Told what to do by its parent. */
async function main(socketPath: string, serve: boolean): Promise<void> {
  const bytes = countSocketBytes();
  const engine = await startEngine({ socketPath, serve });
  chmodSync(socketPath, 0o666);
  process.on("message", ({ id, word }: { id: number; word: Word }) => {
    const at = process.hrtime.bigint();
    void act(engine, word).then(() => {
      const answer: Answer = { at: String(at), requests: engine.api.requests.length, bytes: bytes() };
      process.send?.({ id, answer });
    });
  });
  process.once("disconnect", () => process.exit());
  process.send?.({ id: 0 });
}

async function act(engine: Engine, word: Word): Promise<void> {
  switch (word.kind) {
    case "populate":
      for (let number = 0; number < word.count; number++) await engine.run(made(`app${number}`));
      return;
    case "create":
      engine.create(made(word.name));
      return;
    case "start":
      return await engine.start(word.name);
    case "stop":
      return await engine.stop(word.name);
    case "crash":
      return await engine.crash(word.name);
    case "remove":
      return await engine.remove(word.name);
    case "rename":
      return engine.rename(word.name, word.to);
    case "health":
      return engine.health(word.name, word.to);
    case "requests":
      return;
  }
}

void main(process.argv[2] ?? "", process.argv[3] === "serve");
