import { type Client, clientOf, collect } from "./client.ts";
import { real } from "./recordable.ts";
import { record, recordedNetworks, type Recording } from "./recording.ts";

/** Any image with `node` works; the lab builds this one. */
export const IMAGE = "node:26-trixie-slim";

/** Records the engine at this socket. Creates and removes a container and two networks named `rec-…`. */
export async function recordReal(socketPath: string): Promise<Recording> {
  const docker = clientOf(socketPath);
  const { received, stop } = await collect(docker, { type: ["container", "network"] });
  try {
    for (const Name of recordedNetworks) await docker.createNetwork({ Name });
    return withoutItsPlaces(await record(real(docker, IMAGE), received), await docker.info());
  } finally {
    stop();
    await removeLeftovers(docker);
  }
}

/** Replaces paths that depend on this installation. */
function withoutItsPlaces(recording: Recording, info: { DockerRootDir: string }): Recording {
  const text = JSON.stringify(recording)
    .replaceAll(info.DockerRootDir, "/var/lib/docker")
    .replaceAll(/"SandboxKey":"[^"]+\//g, '"SandboxKey":"/var/run/docker/netns/');
  return JSON.parse(text) as Recording;
}

async function removeLeftovers(docker: Client): Promise<void> {
  const containers = await docker.listContainers({ all: true, filters: { label: ["rec.label"] } });
  for (const { Id } of containers) await docker.getContainer(Id).remove({ force: true });
  const networks = await docker.listNetworks({ filters: { name: recordedNetworks } });
  for (const { Id } of networks) await docker.getNetwork(Id).remove();
}
