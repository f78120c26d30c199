import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listChildren } from "../../renderer/reload/process-list.ts";
import { askStatus } from "../../renderer/status/socket.ts";
import { AgentProcess } from "../agent/agent-process.ts";
import type { BackgroundProcess } from "../demo/background-process.ts";
import { freePort } from "../demo/free-port.ts";
import { runProgram } from "../demo/product.ts";
import { eventually } from "../eventually.ts";
import type { Program } from "./programs.ts";
import { request } from "./stack.ts";
import { removeDirectory } from "../remove-directory.ts";
import { unmount } from "../unmount.ts";

/** Size of the volume: space for a few files of these tests. */
const VOLUME_KB = 256;

/** Milliseconds to wait for a route; the renderer retries after 10 s at most. */
const ANSWER_MS = 40_000;

/** The shipped agent and renderer, the embedded engine, and one real program that reads a file on a small volume. */
export class ProgramRig {
  readonly program: Program;
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-program-"));
  readonly volume = join(this.directory, "conf.d");
  at = { host: "127.0.0.1", port: 0 };
  #agent: AgentProcess | undefined;
  #renderer: BackgroundProcess | undefined;
  #server: BackgroundProcess | undefined;

  constructor(program: Program) {
    this.program = program;
  }

  async start(): Promise<void> {
    chmodSync(this.directory, 0o711);
    mkdirSync(this.volume);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${VOLUME_KB}k`, "tmpfs", this.volume]);
    this.at = { ...this.at, port: await freePort() };
    const policy = join(this.directory, "policy.json");
    const labels = ["haproxy.host", "caddy.host"];
    writeFileSync(policy, JSON.stringify({ labels, multiline: [...labels, "VIRTUAL_HOST"] }));
    this.#agent = await AgentProcess.start(["--policy", policy], { serve: true });
    const target = this.program.prepare(this.directory, this.volume, this.at.port);
    const config = {
      agents: [{ socket: this.#agent.socket }],
      proxy: "host",
      statusSocket: this.#statusSocket,
      targets: [{ ...target, wait: "0ms:0ms" }],
    };
    writeFileSync(join(this.directory, "renderer.yml"), JSON.stringify(config));
    await this.startRenderer();
    await eventually("the file is written", () => existsSync(target.destination));
    this.#server = this.program.run(this.directory);
  }

  async startRenderer(): Promise<void> {
    const config = join(this.directory, "renderer.yml");
    this.#renderer = await runProgram("renderer", this.directory, ["run", "--config", config]);
  }

  /** Kills the renderer, as a crash does. */
  async killRenderer(): Promise<void> {
    process.kill(this.#renderer!.pid, "SIGKILL");
    await eventually("the renderer has ended", () => this.#renderer!.failure !== undefined);
  }

  /** Starts a container that requests this host with the labels or variables that the program's target reads. */
  async runApp(name: string, host = `${name}.example`): Promise<void> {
    await this.#agent!.engine.run({ name, expose: [5000], ...this.program.requestFor(host) });
  }

  async removeApp(name: string): Promise<void> {
    await this.#agent!.engine.remove(name);
  }

  /** Waits until the container of this name answers and no older worker is left. */
  async answers(name: string): Promise<void> {
    try {
      await eventually(`${name} answers`, async () => await this.isAnswered(name), ANSWER_MS);
      await eventually("only the newest worker is left", async () => (await this.#workers()) <= 1, ANSWER_MS);
    } catch (error) {
      throw new Error(this.output(), { cause: error });
    }
  }

  async isAnswered(name: string): Promise<boolean> {
    if (this.#server?.failure) throw this.#server.failure;
    const { status, body } = await request(this.at, `${name}.example`, "/");
    return status === 200 && body.includes(`app: ${name}\n`);
  }

  async #workers(): Promise<number> {
    return this.#server?.pid === undefined ? 0 : (await listChildren(this.#server.pid)).length;
  }

  /** Names of the containers that the renderer reports as quarantined. */
  async quarantined(): Promise<string[]> {
    return (await askStatus(this.#statusSocket)).quarantined.map(({ name }) => name);
  }

  /** Waits until the renderer reports this error of its target. */
  async reportsError(expected: RegExp): Promise<void> {
    await eventually(`the renderer reports ${expected.source}`, async () =>
      expected.test((await askStatus(this.#statusSocket)).targets[0]?.error ?? ""),
    );
  }

  /** Lines of the renderer's log about the quarantine of a container. */
  quarantineLines(name: string): string[] {
    const lines = this.#renderer!.lines.filter((line) => line.includes('"event":"container.quarantined"'));
    return lines.filter((line) => line.includes(`"container":"${name}"`));
  }

  /** Waits until the live file is the one of the last publication, with the addresses of this number of containers. */
  async settled(containers: number): Promise<void> {
    await eventually("the last publication is complete", async () => {
      const [target] = (await askStatus(this.#statusSocket)).targets;
      const text = readFileSync(target!.destination, "utf8");
      const addresses = new Set(text.match(/[0-9.]+:5000/g));
      const live = createHash("sha256").update(text).digest("hex");
      const [last] = target!.publications;
      return addresses.size === containers && last?.outcome === "published" && last.sha256 === live;
    });
  }

  output(): string {
    return [this.#renderer, this.#server].flatMap((process) => process?.lines.slice(-12) ?? []).join("\n");
  }

  async close(): Promise<void> {
    for (const process of [this.#renderer, this.#server]) await process?.stop();
    await this.#agent?.close();
    await unmount(this.volume);
    await removeDirectory(this.directory);
  }

  get #statusSocket(): string {
    return join(this.directory, "status.sock");
  }
}
