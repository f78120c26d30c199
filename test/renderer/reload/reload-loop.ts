import { join } from "node:path";
import { BackgroundProcess } from "../../demo/background-process.ts";
import type { NginxConfigs } from "../../demo/local-nginx.ts";
import { programPath } from "../../demo/program-path.ts";

/** nginx's end of the reload channel as the image's entrypoint starts it, for an nginx of this machine. */
export function runReloadLoop(
  { directory, live }: NginxConfigs,
  channel: string,
  shell: "dash" | "busybox" = "dash",
): BackgroundProcess {
  const script = "renderer/nginx/90-sallyport-reload.sh";
  const env = {
    PATH: programPath(),
    SALLYPORT_CHANNEL: channel,
    SALLYPORT_MAIN_CONF: live,
    SALLYPORT_LIVE: join(directory, "conf.d"),
    SALLYPORT_PID_FILE: join(directory, "nginx.pid"),
    SALLYPORT_SCRATCH: directory,
  };
  // The script puts its loop into the background; setsid lets both be ended as one group.
  const inner = (shell === "busybox" ? [shell, "sh", script] : [shell, script]).map((word) => `'${word}'`).join(" ");
  return new BackgroundProcess(
    "loop",
    "setsid",
    ["--wait", "sh", "-c", `trap 'kill 0' TERM; ${inner}; cat <>/dev/null; while :; do sleep 1; done`],
    { env },
  );
}
