import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../renderer/config/load.ts";
import type { Config } from "../../renderer/config/schema.ts";
import { run } from "../../renderer/targets/run.ts";
import { removeDirectory } from "../remove-directory.ts";
import { container, FakeAgent } from "./fake-agent.ts";

const NETWORKS = [{ name: "front", ipv4: "10.0.0.9" }];

export const NGINX = container("f", {
  env: { VIRTUAL_HOST: "nginx.example" },
  labels: { "sallyport.proxy": "true" },
  networks: NETWORKS,
});

export const app = (digit: string, tier: string) =>
  container(digit, { labels: { tier }, networks: NETWORKS, ports: [{ port: 80, proto: "tcp" }] });

/** A fake agent and a renderer in this process, in a directory of their own. */
export class RunRig {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-run-"));
  readonly agent = new FakeAgent(join(this.directory, "agent.sock"));
  stop = new AbortController();
  running: Promise<unknown> = Promise.resolve();

  /** One target that has these keys in addition to what every target needs; its file is default.conf. */
  written(target: object): object {
    return {
      agents: [{ socket: join(this.directory, "agent.sock") }],
      statusSocket: join(this.directory, "status.sock"),
      targets: [
        {
          template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
          destination: join(this.directory, "default.conf"),
          wait: "0ms:0ms",
          reload: "none",
          ...target,
        },
      ],
    };
  }

  configOf(target: object): Config {
    const config = parseConfig(JSON.stringify(this.written(target)), "test.yml");
    assert.ok(!("problems" in config), JSON.stringify(config));
    return config;
  }

  /** Runs the target, and returns the path of its file. */
  follow(target: object): string {
    this.running = run(this.configOf(target), this.stop.signal, () => undefined);
    return join(this.directory, "default.conf");
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.agent.close();
    await this.running;
    await removeDirectory(this.directory);
  }
}

/** Returns the sorted names of the hosts in an nginx configuration. */
export function hostsIn(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^ *server_name ([^;_]+);/gm)]
    .map((match) => match[1] ?? "")
    .toSorted();
}
