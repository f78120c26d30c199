import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../test/demo/free-port.ts";
import { type NginxConfigs, runNginx, writeNginxConfigs } from "../test/demo/local-nginx.ts";
import { runReloadLoop } from "../test/renderer/reload/reload-loop.ts";
import { createStage, type Stage } from "./stage.ts";

/** A stage whose containers are HTTP servers, with this machine's nginx in front of them. */
export interface NginxStage extends Stage {
  readonly port: number;
  readonly pidFile: string;
  /** The directory of the reload channel. */
  readonly channel: string;
  readonly nginx: NginxConfigs;
}

/** Starts nginx and its reload loop. `directives` are for nginx's main context. */
export async function createNginxStage(count: number, directives = ""): Promise<NginxStage> {
  const stage = await createStage(count, true);
  const port = await freePort();
  const nginx = writeNginxConfigs(stage.own);
  const channel = join(stage.own, "channel");
  for (const path of [channel, join(stage.own, "scratch")]) mkdirSync(path);
  const server = runNginx(nginx, directives);
  const loop = runReloadLoop(nginx, channel);
  return {
    ...stage,
    file: join(stage.own, "conf.d", "default.conf"),
    port,
    pidFile: join(stage.own, "nginx.pid"),
    channel,
    nginx,
    async close() {
      await loop.stop();
      await server.stop();
      await stage.close();
    },
  };
}

/** Returns the target of the shipped configuration: reload by the channel, and its debounce. */
export function shippedTarget({ port, channel }: NginxStage): object {
  return { listen: port, wait: "100ms:1s", reload: { channel } };
}
