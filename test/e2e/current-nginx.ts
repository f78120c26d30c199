import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * Returns the bind mounts that replace the nginx of an image by a current one. It has the stream module and sticky
 * sessions, which Debian's nginx in the lab's images lacks. `program`: nginx's path in the image.
 */
export function currentNginx(program = "/usr/sbin/nginx"): string[] {
  const directory = execFileSync("bash", ["test/lab/current-nginx.sh"], { encoding: "utf8" }).trim();
  return [`${join(process.cwd(), "test/e2e/current-nginx.sh")}:${program}:ro`, `${directory}:/opt/current-nginx:ro`];
}
