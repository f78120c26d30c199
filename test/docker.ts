import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);

/** Runs the docker client; resolves with its output, rejects with what it said. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/**
 * Removes containers (with their volumes) and networks that carry a label such as `sallyport.test=web`. An Engine refuses
 * for a moment what it is still letting go of itself, so it is asked until nothing is left.
 */
export async function removeLabelled(label: string): Promise<void> {
  const filter = ["--filter", `label=${label}`];
  await eventually(`nothing is left with the label ${label}`, async () => {
    const containers = await docker("ps", "-aq", ...filter);
    if (containers) await docker("rm", "-f", "-v", ...containers.split("\n"));
    const networks = await docker("network", "ls", "-q", ...filter);
    if (networks) await docker("network", "rm", ...networks.split("\n"));
    return true;
  });
}

/** The socket of the Engine that the docker client talks to. */
export function dockerSocket(): string {
  const host = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  return host.replace(/^unix:\/\//, "");
}

/** True when what answers the docker client is Podman. */
export function isPodman(): boolean {
  const { stdout } = spawnSync("docker", ["version", "--format", "{{json .Server}}"], { encoding: "utf8" });
  return (stdout ?? "").includes("Podman");
}
