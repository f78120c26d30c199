import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../test/demo/free-port.ts";
import { type NginxConfigs, runNginx, writeNginxConfigs } from "../test/demo/local-nginx.ts";
import { runReloadLoop } from "../test/renderer/reload/reload-loop.ts";
import { setStage, type Stage } from "./stage.ts";

/** A stage whose containers answer, with a real nginx of this machine in front of them. */
export interface NginxStage extends Stage {
  readonly port: number;
  readonly pidFile: string;
  /** Where nginx's end of the reload channel listens. */
  readonly channel: string;
  readonly nginx: NginxConfigs;
}

/** `directives` are for nginx's main context. */
export async function setNginxStage(count: number, directives = ""): Promise<NginxStage> {
  const stage = await setStage(count, true);
  const port = await freePort(8080);
  const nginx = writeNginxConfigs(stage.own);
  const channel = join(stage.own, "channel");
  mkdirSync(channel);
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

/** Keys of the renderer's target, as shipped: the channel, and its debounce. */
export function shippedTarget({ port, channel }: NginxStage): object {
  return { listen: port, wait: "100ms:1s", reload: { channel } };
}
