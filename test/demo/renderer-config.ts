import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The template that compose.yml uses, too. */
const TEMPLATE = fileURLToPath(new URL("../../renderer/templates/nginx.conf.hbs", import.meta.url));

export interface RendererPlaces {
  readonly directory: string;
  readonly agentSocket: string;
  readonly destination: string;
  /** Where nginx listens. */
  readonly port: number;
  /** The nginx to check and reload; undefined when there is none. */
  readonly nginxConfig: string | undefined;
}

/** Writes the renderer's configuration (JSON is YAML) and returns its path. */
export function writeRendererConfig(places: RendererPlaces): string {
  const { directory, agentSocket, destination, port, nginxConfig } = places;
  const nginx = ["nginx", "-e", "stderr", "-p", directory, "-c", nginxConfig ?? ""];
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
        reload: nginxConfig === undefined ? "none" : { exec: { command: [...nginx, "-s", "reload"] } },
      },
    ],
  };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}
