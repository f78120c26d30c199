import { chmodSync } from "node:fs";
import type { Engine } from "../test/engine/engine.ts";
import { startEngine } from "../test/engine/engine.ts";
import type { Answer, EngineCommand } from "./engine-command.ts";
import { countSocketBytes } from "./socket-bytes.ts";

/** A container of the bench: it has a virtual host, one exposed port and a variable that is not disclosed. */
const optionsOf = (name: string) =>
  ({
    name,
    networks: ["front"],
    expose: [5000],
    health: "healthy",
    env: { VIRTUAL_HOST: `${name}.example`, PASSWORD: "withheld" },
  }) as const;

/** The embedded engine in its own process, so that no measurement includes its work. The parent sends commands. */
async function main(socketPath: string, serve: boolean): Promise<void> {
  const bytes = countSocketBytes();
  const engine = await startEngine({ socketPath, serve });
  chmodSync(socketPath, 0o666);
  process.on("message", ({ id, command }: { id: number; command: EngineCommand }) => {
    const at = process.hrtime.bigint();
    void act(engine, command).then(() => {
      const answer: Answer = { at: String(at), requests: engine.api.requests.length, bytes: bytes() };
      process.send?.({ id, answer });
    });
  });
  process.once("disconnect", () => process.exit());
  process.send?.({ id: 0 });
}

async function act(engine: Engine, command: EngineCommand): Promise<void> {
  switch (command.kind) {
    case "populate":
      for (let number = 0; number < command.count; number++) await engine.run(optionsOf(`app${number}`));
      return;
    case "create-service":
      return engine.swarm.create(command.name, {
        labels: { "sallyport.host": `${command.name}.example`, "sallyport.port": "5000" },
        replicas: command.replicas,
      });
    case "remove-service":
      return engine.swarm.remove(command.name);
    case "create":
      engine.create(optionsOf(command.name));
      return;
    case "start":
      return await engine.start(command.name);
    case "stop":
      return await engine.stop(command.name);
    case "crash":
      return await engine.crash(command.name);
    case "remove":
      return await engine.remove(command.name);
    case "rename":
      return engine.rename(command.name, command.to);
    case "health":
      return engine.health(command.name, command.to);
    case "requests":
      return;
  }
}

void main(process.argv[2] ?? "", process.argv[3] === "serve");
