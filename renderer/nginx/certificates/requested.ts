import type { HostOptions } from "../../routes/options.ts";

/** Whether the options request a certificate for the host. `options` include the operator's defaults. */
export function requestsCertificate(host: string, { acme = "none" }: HostOptions): boolean {
  return acme === "each" || (acme !== "none" && acme.some((name) => name === host));
}
