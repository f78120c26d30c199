import { type Client, clientOf, collect } from "./client.ts";
import { real } from "./recordable.ts";
import { record, recordedNetworks, type Recording } from "./recording.ts";

/** Any image with `node` would do; this one the lab makes and the product builds on. */
export const IMAGE = "node:26-trixie-slim";

/** Records the engine at this socket. Makes, and removes again, a container and two networks named `rec-…`. */
export async function recordReal(socketPath: string): Promise<Recording> {
  const docker = clientOf(socketPath);
  const { heard, stop } = await collect(docker, { type: ["container", "network"] });
  try {
    for (const Name of recordedNetworks) await docker.createNetwork({ Name });
    return withoutItsPlaces(await record(real(docker, IMAGE), heard), await docker.info());
  } finally {
    stop();
    await removeLeftovers(docker);
  }
}

/** Where this engine keeps its files says nothing about engines. */
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
