import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nginxCommand, type NginxConfigs } from "./local-nginx.ts";

/** The template of compose.yml. */
const TEMPLATE = fileURLToPath(new URL("../../renderer/templates/nginx.conf.hbs", import.meta.url));

export interface RendererOptions {
  readonly directory: string;
  readonly agentSocket: string;
  readonly destination: string;
  /** The port of nginx. */
  readonly port: number;
  /** The nginx that checks and reloads, or undefined. */
  readonly nginx: NginxConfigs | undefined;
}

/** Writes the renderer's configuration (JSON is YAML) and returns its path. */
export function writeRendererConfig(options: RendererOptions): string {
  const { directory, agentSocket, destination, port, nginx } = options;
  const path = join(directory, "renderer.yml");
  const config = {
    agents: [{ socket: agentSocket }],
    // nginx runs on the host and so reaches every container address.
    proxy: "host",
    statusSocket: join(directory, "status.sock"),
    targets: [
      {
        template: TEMPLATE,
        destination,
        listen: port,
        ...(nginx === undefined ? { reload: "none" } : commands(nginx)),
      },
    ],
  };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}

function commands({ directory, live, candidate }: NginxConfigs): Record<string, unknown> {
  return {
    check: { command: [...nginxCommand(directory, candidate), "-t", "-q"] },
    reload: { exec: { command: [...nginxCommand(directory, live), "-s", "reload"] } },
  };
}
