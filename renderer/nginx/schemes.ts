import type { VirtualHost } from "../routes/routes.ts";
import type { Certificate } from "./certificates/certificate.ts";
import { certificateOf, DEFAULT_STEM } from "./certificates/choose.ts";
import type { CertificateSet } from "./certificates/directory.ts";
import { requestsCertificate } from "./certificates/requested.ts";

/** How nginx serves a virtual host over HTTP and HTTPS. */
export interface Schemes {
  readonly servesHttp: boolean;
  /** HTTP is redirected to HTTPS; without a certificate only where `plainWithoutCertificate` is false. */
  readonly redirectsToHttps: boolean;
  /** The certificate for HTTPS; undefined if HTTPS is not served. */
  readonly certificate?: Certificate;
  readonly servesChallenges: boolean;
}

/** `options` include the operator's defaults; `certificates` is undefined if the target has no `https`. */
export function schemesOf(
  { host, options }: Pick<VirtualHost, "host" | "options">,
  certificates: CertificateSet | undefined,
): Schemes {
  const method = options.httpsMethod ?? "redirect";
  const certificate = certificates && certificateOf({ host, options }, certificates);
  const hasChallenges = certificates !== undefined && options.challenge !== "false" && method !== "nohttps";
  if (certificate) {
    return {
      servesHttp: method === "noredirect",
      redirectsToHttps: method === "redirect",
      certificate,
      // A certificate that was issued over HTTP must be renewed over HTTP.
      servesChallenges: hasChallenges && (method !== "nohttp" || requestsCertificate(host, options)),
    };
  }
  const servesHttp =
    !certificates || method === "noredirect" || method === "nohttps" || options.plainWithoutCertificate !== false;
  return { servesHttp, redirectsToHttps: !servesHttp && method === "redirect", servesChallenges: hasChallenges };
}

/** Whether handshakes are rejected because the host must not have the default certificate, which unknown names have. */
export function rejectsTls(
  { host, options }: Pick<VirtualHost, "host" | "options">,
  certificates: CertificateSet | undefined,
): boolean {
  if (options.defaultCertificate !== false || options.httpsMethod === "nohttps") return false;
  if (!certificates?.usable.has(DEFAULT_STEM)) return false;
  return certificateOf({ host, options }, certificates) === undefined;
}
