import type { VirtualHost } from "../../routes/routes.ts";
import type { Certificate } from "./certificate.ts";
import type { CertificateSet } from "./directory.ts";
import { requestsCertificate } from "./requested.ts";

/** The certificate for hosts that have none of their own. */
export const DEFAULT_STEM = "default";

/** Returns the certificate that a host is served with, or undefined if it is served without TLS. */
export function certificateOf(
  { host, options }: Pick<VirtualHost, "host" | "options">,
  certificates: CertificateSet,
): Certificate | undefined {
  if (options.httpsMethod === "nohttps") return undefined;
  // Until its own certificate is there, such a host is served over plain HTTP, not with one for another name.
  const isRequested = options.certificate === undefined && requestsCertificate(host, options);
  const own = isRequested ? lastValid(host, certificates) : chooseCertificate(host, options.certificate, certificates);
  // Its names may include the host.
  if (own?.stem === DEFAULT_STEM && options.certificate === undefined && options.defaultCertificate === false)
    return undefined;
  if (own || isRequested || options.certificate !== undefined || options.defaultCertificate === false) return own;
  return certificates.usable.get(DEFAULT_STEM);
}

/**
 * Chooses the certificate of a host: the one that its containers name and no other; else, of those valid for the host, the
 * one whose file is named like the host, else like its parent domain, else the one that expires last.
 */
export function chooseCertificate(
  host: string,
  named: string | undefined,
  { usable }: CertificateSet,
): Certificate | undefined {
  if (named !== undefined) return usable.get(named);
  const parent = parentOf(host);
  const byName = [host, parent].flatMap((stem) => usable.get(stem) ?? []).find((one) => covers(one, host));
  if (byName) return byName;
  return lastValid(host, { usable });
}

/** Returns, of the certificates that are valid for the host, the one that expires last. */
function lastValid(host: string, { usable }: Pick<CertificateSet, "usable">): Certificate | undefined {
  const valid = [...usable.values()].filter((one) => covers(one, host));
  return valid.toSorted((a, b) => b.notAfter - a.notAfter || (a.stem < b.stem ? -1 : 1))[0];
}

/** Whether clients accept the certificate for the host. The names of a regular expression are unknown. */
export function covers({ names }: Certificate, host: string): boolean {
  return names.some((name) => isValidFor(name, host.replace(/^\[(.*)\]$/, "$1")));
}

/** A wildcard is valid for exactly one label, and for the same wildcard. */
function isValidFor(name: string, host: string): boolean {
  if (name === host) return true;
  return name.startsWith("*.") && !host.startsWith("*.") && parentOf(host) === name.slice(2);
}

function parentOf(host: string): string {
  return host.slice(host.indexOf(".") + 1);
}
