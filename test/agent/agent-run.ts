import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackgroundProcess } from "../demo/background-process.ts";
import { runProgram } from "../demo/product.ts";
import { eventually } from "../eventually.ts";
import { RpcClient } from "./rpc-client.ts";
import { removeDirectory } from "../remove-directory.ts";

const AGENT_ID = 65_532;

/** The shipped agent as a separate process with its own directories. */
export class AgentRun {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-agent-"));
  readonly #dockerSocket: string;
  readonly #args: readonly string[];
  #process: BackgroundProcess | undefined;

  constructor(dockerSocket: string, args: readonly string[]) {
    this.#dockerSocket = dockerSocket;
    this.#args = args;
    chmodSync(this.directory, 0o711);
    for (const name of ["rpc", "audit"]) {
      mkdirSync(join(this.directory, name));
      if (process.getuid?.() === 0) chownSync(join(this.directory, name), AGENT_ID, AGENT_ID);
    }
  }

  get socket(): string {
    return join(this.directory, "rpc", "agent.sock");
  }

  get auditDirectory(): string {
    return join(this.directory, "audit");
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get lines(): readonly string[] {
    return this.#process?.lines ?? [];
  }

  get hasEnded(): boolean {
    return this.ending !== undefined;
  }

  /** How the process ended, such as `the agent has ended (exit 78)`; undefined while it runs. */
  get ending(): string | undefined {
    return this.#process?.failure?.message;
  }

  /** Starts or restarts the process. Does not wait for it to become ready. */
  async run(): Promise<void> {
    const fixed = [
      "serve",
      "--docker-socket",
      this.#dockerSocket,
      "--socket",
      this.socket,
      "--audit-dir",
      this.auditDirectory,
    ];
    this.#process = await runProgram("agent", this.directory, [...fixed, ...this.#args]);
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await removeDirectory(this.directory);
  }

  /** Connects like a renderer and waits for a complete snapshot. */
  async subscribe(): Promise<RpcClient> {
    return await eventually("a renderer can subscribe", async () => await RpcClient.subscribe(this.socket));
  }

  /** Waits for a log line that contains the text. */
  async logs(text: string): Promise<void> {
    await eventually(`the agent logs ${text}`, () => this.lines.some((line) => line.includes(text)));
  }

  /** Returns all records of the audit trail. */
  records(): Readonly<Record<string, unknown>>[] {
    const files = readdirSync(this.auditDirectory).filter((name) => name.endsWith(".jsonl"));
    return files.toSorted().flatMap((name) =>
      readFileSync(join(this.auditDirectory, name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
  }

  /** Waits until the audit trail contains a record with this reason. */
  async refused(reason: string): Promise<void> {
    await eventually(`the audit trail contains ${reason}`, () =>
      this.records().some((record) => record["reason"] === reason),
    );
  }
}
