import type { SpawnOptions } from "node:child_process";
import { join } from "node:path";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { type NginxConfigs, nginxCommand } from "../../demo/local-nginx.ts";
import { programPath } from "../../demo/program-path.ts";

const SCRIPT = "renderer/nginx/90-sallyport-reload.sh";

/** nginx's end of the reload channel as the image's entrypoint starts it, for an nginx of this machine. */
export function runReloadLoop(
  configs: NginxConfigs,
  channel: string,
  shell: "dash" | "busybox" = "dash",
  options: SpawnOptions = {},
): BackgroundProcess {
  const inner = shell === "busybox" ? `busybox sh ${SCRIPT}` : `${shell} ${SCRIPT}`;
  return runGroup("loop", `${inner}; cat <>/dev/null; while :; do sleep 1; done`, configs, channel, options);
}

/** The script and then nginx, as the entrypoint of nginx's container runs them. */
export function runEntrypoint(configs: NginxConfigs, channel: string): BackgroundProcess {
  const nginx = [...nginxCommand(configs.directory, configs.live), "-g", "'daemon off;'"].join(" ");
  return runGroup("nginx container", `dash ${SCRIPT} && { ${nginx} & wait; }`, configs, channel);
}

/** The script puts its loop into the background; setsid lets all processes be ended as one group. */
function runGroup(
  name: string,
  command: string,
  { directory, live }: NginxConfigs,
  channel: string,
  options: SpawnOptions = {},
): BackgroundProcess {
  const env = {
    PATH: programPath(),
    SALLYPORT_CHANNEL: channel,
    SALLYPORT_MAIN_CONF: live,
    SALLYPORT_LIVE: join(directory, "conf.d"),
    SALLYPORT_PID_FILE: join(directory, "nginx.pid"),
    SALLYPORT_SCRATCH: join(directory, "scratch"),
    SALLYPORT_TEST_SECONDS: "5",
    ...options.env,
  };
  const args = ["--wait", "sh", "-c", `trap 'kill 0' TERM; ${command}`];
  return new BackgroundProcess(name, "setsid", args, { ...options, env });
}
