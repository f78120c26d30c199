import type { VirtualHost } from "../../routes/routes.ts";
import type { Certificate } from "./certificate.ts";
import { certificateOf } from "./choose.ts";
import type { CertificateSet } from "./directory.ts";

/** What a host says by plain HTTP and by TLS. */
export interface Answers {
  readonly servesPlain: boolean;
  /** Plain HTTP leads to TLS; without a certificate, too, where the operator or a container wants it so. */
  readonly redirects: boolean;
  /** Served by TLS with this one; undefined: by none. */
  readonly certificate?: Certificate;
  /** Whether an ACME authority is answered. */
  readonly hasChallenges: boolean;
}

/** Pure. `options` are the host's with the operator's defaults, `certificates` undefined where the operator has no TLS. */
export function answersOf(
  { host, options }: Pick<VirtualHost, "host" | "options">,
  certificates: CertificateSet | undefined,
): Answers {
  const method = options.httpsMethod ?? "redirect";
  const certificate = certificates && certificateOf({ host, options }, certificates);
  const isAsked = certificates !== undefined && options.challenge !== "false" && method !== "nohttps";
  if (certificate) {
    return {
      servesPlain: method === "noredirect",
      redirects: method === "redirect",
      certificate,
      hasChallenges: isAsked && method !== "nohttp",
    };
  }
  const servesPlain =
    !certificates || method === "noredirect" || method === "nohttps" || options.plainWithoutCertificate !== false;
  return { servesPlain, redirects: !servesPlain && method === "redirect", hasChallenges: isAsked };
}
