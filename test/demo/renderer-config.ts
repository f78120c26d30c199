import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nginxCommand, type NginxConfigs } from "./local-nginx.ts";

/** The template that compose.yml uses, too. */
const TEMPLATE = fileURLToPath(new URL("../../renderer/templates/nginx.conf.hbs", import.meta.url));

export interface RendererPlaces {
  readonly directory: string;
  readonly agentSocket: string;
  readonly destination: string;
  /** Where nginx listens. */
  readonly port: number;
  /** The nginx to ask and to reload; undefined when there is none. */
  readonly nginx: NginxConfigs | undefined;
}

/** Writes the renderer's configuration (JSON is YAML) and returns its path. */
export function writeRendererConfig(places: RendererPlaces): string {
  const { directory, agentSocket, destination, port, nginx } = places;
  const path = join(directory, "renderer.yml");
  const config = {
    agents: [{ socket: agentSocket }],
    // nginx runs beside the containers' servers, so it reaches every address.
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
