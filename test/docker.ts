import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);

/** Runs the docker client and returns its output. Rejects with an error that contains its standard error. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/**
 * Removes containers (with their volumes) and networks with a label such as `sallyport.test=web`. Repeats until nothing
 * is left, because an Engine rejects requests for what it is still removing.
 */
export async function removeLabelled(label: string): Promise<void> {
  const filter = ["--filter", `label=${label}`];
  await eventually(`nothing with the label ${label} is left`, async () => {
    const containers = await docker("ps", "-aq", ...filter);
    if (containers) await docker("rm", "-f", "-v", ...containers.split("\n"));
    const networks = await docker("network", "ls", "-q", ...filter);
    if (networks) await docker("network", "rm", ...networks.split("\n"));
    return true;
  });
}

/** Returns the socket of the docker client's Engine. */
export function dockerSocket(): string {
  const host = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  return host.replace(/^unix:\/\//, "");
}

/** True if the engine of the docker client is Podman. */
export function isPodman(): boolean {
  const { stdout } = spawnSync("docker", ["version", "--format", "{{json .Server}}"], { encoding: "utf8" });
  return (stdout ?? "").includes("Podman");
}
