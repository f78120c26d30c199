import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "node:test";
import { parseConfig } from "../../renderer/config/load.ts";
import type { Config } from "../../renderer/config/schema.ts";
import type { Report } from "../../renderer/status/report.ts";
import { askStatus } from "../../renderer/status/socket.ts";
import { run, type RunOptions } from "../../renderer/targets/run.ts";
import { removeDirectory } from "../remove-directory.ts";
import { FakeAgent } from "./fake-agent.ts";

/** A directory, a fake agent and a renderer in this process, made again for each test of the file or suite. */
export class FreshRig {
  directory = "";
  agent!: FakeAgent;
  stop = new AbortController();
  running: Promise<unknown> = Promise.resolve();
  /** The renderer's log. */
  events: { level: string; event: string; fields: Record<string, unknown> }[] = [];

  /** `directories` are made below the directory. */
  constructor(directories: readonly string[], prepare: () => void = () => undefined) {
    beforeEach(() => {
      this.directory = mkdtempSync(join(tmpdir(), "sallyport-rig-"));
      for (const name of directories) mkdirSync(join(this.directory, name));
      this.agent = new FakeAgent(join(this.directory, "agent.sock"));
      this.stop = new AbortController();
      this.running = Promise.resolve();
      this.events = [];
      prepare();
    });
    afterEach(async () => {
      this.stop.abort();
      await this.agent.close();
      await this.running;
      await removeDirectory(this.directory);
    });
  }

  /** What every configuration has, and these keys. */
  written(keys: object): object {
    const agents = [{ socket: join(this.directory, "agent.sock") }];
    return { agents, statusSocket: join(this.directory, "status.sock"), ...keys };
  }

  configOf(keys: object): Config {
    const config = parseConfig(JSON.stringify(this.written(keys)), "test.yml");
    assert.ok(!("problems" in config), JSON.stringify(config));
    return config;
  }

  follow(config: Config, options: RunOptions = {}): void {
    const log = (level: string, event: string, fields: Record<string, unknown> = {}): void =>
      void this.events.push({ level, event, fields });
    this.running = run(config, this.stop.signal, log, options);
  }

  async status(): Promise<Report> {
    return await askStatus(join(this.directory, "status.sock"));
  }
}
