import type { Certificate } from "../certificates/certificate.ts";
import { DEFAULT_STEM } from "../certificates/choose.ts";
import type { HostOptions } from "../routes/options.ts";
import { SSL_POLICIES } from "../routes/ssl-policies.ts";
import type { Model } from "./model.ts";
import type { HttpsSettings } from "./nginx-settings.ts";
import { quoted, words } from "./nginx-text.ts";

type Fields = { readonly [name: string]: Model };

/** What TLS of one host needs. */
export function tlsOf(
  host: string,
  certificate: Certificate,
  options: HostOptions,
  https: HttpsSettings,
  hasHsts: boolean,
): Fields {
  const { directory, certificates } = https;
  const file = (name: string): Model => quoted(`${directory}/${name}`);
  const { stem, fingerprint, notAfter, extras } = certificate;
  const clients = certificates.authorities?.get(host) ?? certificates.authorities?.get("");
  const policy = options.sslPolicy === undefined ? undefined : SSL_POLICIES[options.sslPolicy];
  return {
    certificate: file(`${stem}.crt`),
    key: file(`${stem}.key`),
    // A renewed certificate has the same path: this makes it another text, which is reloaded.
    about: fingerprint.slice(0, 16),
    until: new Date(notAfter).toISOString().slice(0, 10),
    dhparam: extras?.includes("dhparam.pem")
      ? file(`${stem}.dhparam.pem`)
      : certificates.dhparam === true && file("dhparam.pem"),
    chain: extras?.includes("chain.pem") ? file(`${stem}.chain.pem`) : false,
    hsts: hasHsts && hstsOf(options, https),
    policy: policy
      ? {
          protocols: words(...policy.protocols),
          ciphers: policy.ciphers.length > 0 && words(policy.ciphers.join(":")),
          order: policy.serverOrder ? "on" : "off",
        }
      : false,
    clients: clients
      ? {
          authority: file(clients.authority),
          revoked: clients.revoked === undefined ? false : file(clients.revoked),
          verify: options.verifyClient ?? "on",
          about: clients.about,
        }
      : false,
  };
}

function hstsOf({ hsts }: HostOptions, { hstsSeconds }: HttpsSettings): Model {
  if (hsts === "off") return false;
  if (hsts !== undefined) return quoted(hsts);
  return hstsSeconds > 0 && quoted(`max-age=${hstsSeconds}`);
}

/** For names that nobody claims: the operator's `default` certificate, or no handshake at all. */
export function tlsOfUnknown({ directory, certificates }: HttpsSettings): Fields {
  const found = certificates.usable.get(DEFAULT_STEM);
  if (!found) return { certificate: false };
  return {
    certificate: quoted(`${directory}/${DEFAULT_STEM}.crt`),
    key: quoted(`${directory}/${DEFAULT_STEM}.key`),
    about: found.fingerprint.slice(0, 16),
  };
}
