import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Engine, type EngineOptions, startEngine } from "../engine/engine.ts";
import { removeDirectory } from "../remove-directory.ts";
import { AgentRun } from "./agent-run.ts";

/** The agent in front of an embedded engine that can inject faults. */
export class AgentProcess extends AgentRun {
  readonly engine: Engine;

  private constructor(engine: Engine, args: readonly string[]) {
    super(engine.socketPath, args);
    this.engine = engine;
  }

  /** Starts the engine, then the agent. Does not wait for the agent to become ready. */
  static async start(args: readonly string[] = [], options: Partial<EngineOptions> = {}): Promise<AgentProcess> {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-engine-"));
    chmodSync(directory, 0o711);
    const engine = await startEngine({ socketPath: join(directory, "docker.sock"), serve: false, ...options });
    const agent = new AgentProcess(engine, args);
    agent.openEngine();
    await agent.run();
    return agent;
  }

  /** Makes the engine's socket accessible to the agent's user. The engine re-creates it at each start. */
  openEngine(): void {
    chmodSync(this.engine.socketPath, 0o666);
  }

  override async close(): Promise<void> {
    await this.stop();
    await this.engine.close();
    await super.close();
    await removeDirectory(dirname(this.engine.socketPath));
  }
}
