import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ServerControl, ControlResult } from "../../../renderer/publish/server-control.ts";
import type { BackgroundProcess } from "../../demo/background-process.ts";
import { freePort } from "../../demo/free-port.ts";
import { type NginxConfigs, onlyNewWorkers, runNginx, workersOf, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { request } from "../../e2e/stack.ts";
import { eventually } from "../../eventually.ts";
import { runReloadLoop } from "./reload-loop.ts";
import { removeDirectory } from "../../remove-directory.ts";

/** A real nginx in a directory of its own, with the files that publication would write. */
export class Rig {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-reload-"));
  readonly configs: NginxConfigs;
  readonly live: string;
  readonly candidate: string;
  readonly channel: string;
  /** Where the script writes. */
  readonly scratch: string;
  readonly #port: number;
  #nginx: BackgroundProcess | undefined;
  #loop: BackgroundProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.configs = writeNginxConfigs(this.directory);
    this.live = join(this.directory, "conf.d", "default.conf");
    this.candidate = join(this.directory, "conf.d", ".sallyport", "candidate", "default.conf");
    this.channel = join(this.directory, "channel");
    this.scratch = join(this.directory, "scratch");
    for (const path of [dirname(this.candidate), this.channel, this.scratch]) mkdirSync(path, { recursive: true });
  }

  /** Serves "first" until something else is published. */
  static async start(withLoop: "dash" | "busybox" | undefined): Promise<Rig> {
    const rig = new Rig(await freePort());
    writeFileSync(rig.live, rig.configuration("first"));
    await rig.begin(withLoop);
    return rig;
  }

  async begin(withLoop: "dash" | "busybox" | undefined): Promise<void> {
    this.#nginx = runNginx(this.configs);
    await eventually("nginx answers", async () => (await this.answer()) !== "");
    if (withLoop) this.beginLoop(withLoop);
  }

  beginLoop(shell: "dash" | "busybox", env: NodeJS.ProcessEnv = {}): void {
    this.#loop = runReloadLoop(this.configs, this.channel, shell, { env });
  }

  /** As when the nginx container ends: the loop goes with it. */
  async end(): Promise<void> {
    await this.#loop?.stop();
    await this.#nginx?.stop();
  }

  async close(): Promise<void> {
    await this.end();
    await removeDirectory(this.directory);
  }

  /** What the script reports of nginx's container. */
  get readyFile(): string {
    return readFileSync(join(this.channel, "ready"), "utf8");
  }

  /** A file of another process next to the live file. */
  addOther(text: string): void {
    writeFileSync(join(dirname(this.live), "other.conf"), text);
  }

  configuration(text: string): string {
    return `server { listen 127.0.0.1:${this.#port}; return 200 "${text}"; }\n`;
  }

  stage(text: string): void {
    writeFileSync(this.candidate, text);
  }

  goLive(text: string): void {
    writeFileSync(this.live, text);
  }

  async answer(): Promise<string> {
    return (await request({ host: "127.0.0.1", port: this.#port }, "any.example", "/")).body;
  }

  /** Reloads, and waits until the old workers are gone, whatever the way to reload knows of them. */
  async reloadBy(control: ServerControl): Promise<ControlResult> {
    const before = await workersOf(this.configs);
    const result = await control.reload();
    if (result.kind === "ok") await onlyNewWorkers(this.configs, before);
    return result;
  }
}

/** One way to reload, for the contract. */
export interface Way {
  readonly name: string;
  readonly loop: "dash" | "busybox" | undefined;
  /** Whether it checks a candidate, detects an unreachable server, and confirms new workers. */
  readonly checks: boolean;
  readonly knowsAbsence: boolean;
  control(rig: Rig): ServerControl;
}
