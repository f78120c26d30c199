import type { FileDirectory, FileSettings } from "../settings.ts";

/** A file of each kind for hosts of the example (renderer/routes/example.ts). */
export const EXAMPLE_FILES: FileSettings = {
  vhosts: directory("www.example.org", "www.example.org_location", "default_location"),
  passwords: directory("www.example.org"),
  errors: directory("50x.html"),
  proxy: directory("proxy.conf"),
};

function directory(...names: readonly string[]): FileDirectory {
  return { directory: "/etc/nginx/example", files: new Map(names.map((name) => [name, "0"])) };
}
