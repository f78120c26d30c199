import type { CertificateSet } from "./certificates/directory.ts";
import type { FileDirectory } from "./operator-files/directory.ts";
import type { FileSettings } from "./settings.ts";

/** A certificate for one of the example's hosts (renderer/routes/example.ts). */
export const EXAMPLE_CERTIFICATES: CertificateSet = {
  usable: new Map([
    [
      "www.example.org",
      { stem: "www.example.org", names: ["www.example.org"], notAfter: 0, fingerprint: "0".repeat(64) },
    ],
  ]),
  invalid: [],
};

/** One file of each kind for the example's hosts. */
export const EXAMPLE_FILES: FileSettings = {
  vhosts: directory("www.example.org", "www.example.org_location", "default_location"),
  passwords: directory("www.example.org"),
  errors: directory("50x.html"),
  proxy: directory("proxy.conf"),
};

function directory(...names: readonly string[]): FileDirectory {
  return { directory: "/etc/nginx/example", files: new Map(names.map((name) => [name, { name, hash: "0" }])) };
}
