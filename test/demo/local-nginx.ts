import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listChildren } from "../../renderer/reload/process-list.ts";
import { eventually } from "../eventually.ts";
import { BackgroundProcess } from "./background-process.ts";
import { programPath } from "./program-path.ts";

/** Returns the version of the installed nginx, such as `nginx/1.26.3`, or undefined. */
export function nginxVersion(): string | undefined {
  const { stderr, status } = spawnSync("nginx", ["-v"], { encoding: "utf8", env: { PATH: programPath() } });
  return status === 0 ? /nginx\/[0-9.]+/.exec(stderr)?.[0] : undefined;
}

/** Two main configurations in one directory. nginx reads and writes no file outside of it. */
export interface NginxConfigs {
  readonly directory: string;
  /** The main configuration that includes `conf.d`. */
  readonly live: string;
  /** The main configuration that includes the candidate; see docs/explanation/architecture.md. */
  readonly candidate: string;
}

/** Writes both. They have no `listen` directive: the generated configuration has them all. */
export function writeNginxConfigs(directory: string): NginxConfigs {
  const [live, candidate] = [join(directory, "nginx.conf"), join(directory, "candidate.conf")];
  for (const name of ["conf.d", "temp"]) mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(live, mainConfiguration(directory, "nginx.pid", "conf.d"));
  writeFileSync(candidate, mainConfiguration(directory, "check.pid", "conf.d/.sallyport/candidate"));
  return { directory, live, candidate };
}

/** The nginx command without its action. */
export function nginxCommand(directory: string, config: string): string[] {
  return ["nginx", "-e", "stderr", "-p", directory, "-c", config];
}

/** Runs `nginx -t` on a main configuration. */
export function testConfig(
  directory: string,
  config: string,
): { readonly status: number | null; readonly stderr: string } {
  const [command = "", ...args] = nginxCommand(directory, config);
  return spawnSync(command, [...args, "-t", "-q"], { encoding: "utf8", env: { PATH: programPath() } });
}

/** Starts nginx in the foreground, as a child process. `directives` are for the main context. */
export function runNginx({ directory, live }: NginxConfigs, directives = ""): BackgroundProcess {
  const [command = "", ...args] = nginxCommand(directory, live);
  // As compose.yml sets them.
  const memory = { MALLOC_MMAP_THRESHOLD_: "1048576", MALLOC_TRIM_THRESHOLD_: "4194304" };
  const options = { env: { PATH: programPath(), ...memory } };
  return new BackgroundProcess("nginx", command, [...args, "-g", `daemon off; ${directives}`], options);
}

/** Returns the process ids of the workers, including those that are shutting down. */
export async function workersOf({ directory }: NginxConfigs): Promise<Set<number>> {
  const master = Number(readFileSync(join(directory, "nginx.pid"), "utf8"));
  const workers = await listChildren(master);
  return new Set(workers.map(({ pid }) => pid));
}

/**
 * Waits until none of the given workers is left: `nginx -s reload` returns before new workers start and while old ones
 * still accept connections.
 */
export async function onlyNewWorkers(configs: NginxConfigs, before: ReadonlySet<number>): Promise<void> {
  await eventually("only new workers are left", async () => {
    const now = await workersOf(configs);
    return now.size > 0 && [...now].every((pid) => !before.has(pid));
  });
}

function mainConfiguration(directory: string, pidFile: string, included: string): string {
  const temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `${loadStream()}worker_processes 1;
pid ${directory}/${pidFile};
error_log stderr warn;
error_log ${directory}/error.log notice;
events { worker_connections 512; }
http {
  access_log off;
${temps.map((name) => `  ${name}_temp_path ${directory}/temp/${name};`).join("\n")}
  include ${directory}/${included}/*.conf;
}
include ${directory}/${included}/*.stream;
`;
}

/** Loads the stream module if nginx has it as a file of its own. */
function loadStream(): string {
  const { stderr } = spawnSync("nginx", ["-V"], { encoding: "utf8", env: { PATH: programPath() } });
  const [, directory = ""] = /--modules-path=(\S+)/.exec(stderr ?? "") ?? [];
  const file = join(directory, "ngx_stream_module.so");
  return /--with-stream=dynamic/.test(stderr ?? "") && existsSync(file) ? `load_module ${file};\n` : "";
}
