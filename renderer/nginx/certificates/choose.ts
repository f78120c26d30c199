import type { Certificate } from "./certificate.ts";
import type { VirtualHost } from "../../routes/routes.ts";
import type { CertificateSet } from "./directory.ts";

/**
 * Pure: the certificate of a host. The one its containers name, if any, and no other; else the one named like the
 * host; else like the name above it; else, of those that stand for the host, the one that is good for longest.
 */
export function chooseCertificate(
  host: string,
  named: string | undefined,
  { usable }: CertificateSet,
): Certificate | undefined {
  if (named !== undefined) return usable.get(named);
  const above = host.slice(host.indexOf(".") + 1);
  const byName = usable.get(host) ?? (above.includes(".") ? usable.get(above) : undefined);
  if (byName) return byName;
  const standing = [...usable.values()].filter(({ names }) => names.some((name) => covers(name, host)));
  return standing.toSorted((a, b) => b.notAfter - a.notAfter || (a.stem < b.stem ? -1 : 1))[0];
}

/** The certificate for hosts that have none of their own. */
export const DEFAULT_STEM = "default";

/** Pure: the certificate that a host is served with, or undefined when it is served plainly. */
export function certificateOf(
  { host, options }: Pick<VirtualHost, "host" | "options">,
  certificates: CertificateSet,
): Certificate | undefined {
  if (options.httpsMethod === "nohttps") return undefined;
  const own = chooseCertificate(host, options.certificate, certificates);
  if (own || options.certificate !== undefined || options.defaultCertificate === false) return own;
  return certificates.usable.get(DEFAULT_STEM);
}

/** Whether a name of a certificate stands for a host: a wildcard for exactly one label, or for the same wildcard. */
function covers(name: string, host: string): boolean {
  if (name === host) return true;
  return name.startsWith("*.") && !host.startsWith("*.") && host.slice(host.indexOf(".") + 1) === name.slice(2);
}
