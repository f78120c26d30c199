import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BackgroundProcess } from "./background-process.ts";
import { programPath } from "./program-path.ts";

/** The nginx at hand, such as `nginx/1.26.3`; undefined when none is installed. */
export function nginxVersion(): string | undefined {
  const { stderr, status } = spawnSync("nginx", ["-v"], { encoding: "utf8", env: { PATH: programPath() } });
  return status === 0 ? /nginx\/[0-9.]+/.exec(stderr)?.[0] : undefined;
}

/**
 * Writes the main configuration of an nginx that reads and writes nothing outside `directory`, and
 * listens where `conf.d` will say. Returns its path.
 */
export function writeNginxConfig(directory: string): string {
  const path = join(directory, "nginx.conf");
  const temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  for (const name of ["conf.d", "temp"]) mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(
    path,
    `worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
${temps.map((name) => `  ${name}_temp_path ${directory}/temp/${name};`).join("\n")}
  include ${directory}/conf.d/*.conf;
}
`,
  );
  return path;
}

/** In the foreground, as a child of ours. */
export function runNginx(directory: string, config: string): BackgroundProcess {
  const args = ["-e", "stderr", "-p", directory, "-c", config, "-g", "daemon off;"];
  return new BackgroundProcess("nginx", "nginx", args, { env: { PATH: programPath() } });
}
