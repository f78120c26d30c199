import { hostname } from "node:os";
import { readOrEmpty } from "../disk/read-or-empty.ts";

/**
 * Returns the id of the container this process runs in, or its beginning; undefined outside a container, or if it is
 * unknown. Docker and Podman mount files from a directory named by the id, whatever the hostname and network.
 */
export function ownContainer(
  mounts: string = readOrEmpty("/proc/self/mountinfo"),
  name: string = hostname(),
): string | undefined {
  const mounted = /\/([0-9a-f]{64})\/(?:userdata\/)?(?:hostname|hosts|resolv\.conf) /.exec(mounts)?.[1];
  return mounted ?? (/^[0-9a-f]{12}$/.test(name) ? name : undefined);
}
