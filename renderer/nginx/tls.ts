import type { Certificate } from "./certificates/certificate.ts";
import { DEFAULT_STEM } from "./certificates/choose.ts";
import type { HostOptions } from "../routes/options.ts";
import { SSL_POLICIES, type SslPolicy } from "../routes/ssl-policies.ts";
import type { Model } from "../template/model.ts";
import type { HttpsSettings } from "./settings.ts";
import { quoted, words } from "./text.ts";

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
  const { stem, fingerprint, notAfter, extras, extrasAbout } = certificate;
  const hasOwnDhparam = extras?.includes("dhparam.pem") === true;
  const dhparam = hasOwnDhparam ? undefined : certificates.dhparam;
  const clients = certificates.authorities?.get(host) ?? certificates.authorities?.get("");
  const policy = policyOf(options);
  return {
    certificate: file(`${stem}.crt`),
    key: file(`${stem}.key`),
    // A renewed certificate has the same path: this makes it another text, which is reloaded.
    about: [fingerprint.slice(0, 16), extrasAbout, dhparam].filter((one) => one !== undefined).join("-"),
    until: new Date(notAfter).toISOString().slice(0, 10),
    dhparam: hasOwnDhparam ? file(`${stem}.dhparam.pem`) : dhparam !== undefined && file("dhparam.pem"),
    chain: extras?.includes("chain.pem") ? file(`${stem}.chain.pem`) : false,
    hsts: hasHsts && hstsOf(options, https),
    policy: policy ? policyModel(policy) : false,
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

/**
 * nginx chooses the protocol by the first server of a port, before it knows the name. So a policy of TLS 1.3 alone has a
 * cipher for 1.2 that cannot be agreed on, for nobody has a shared key; and OpenSSL takes 1.1 and 1.0 at level 0 alone.
 */
function policyModel(policy: SslPolicy): Fields {
  const { protocols, ciphers, serverOrder } = policy;
  const named = ciphers.length === 0 ? [NEVER_AGREED] : ciphers;
  return {
    protocols: words(...protocols),
    ciphers: words([...(isOld(policy) ? [LEVEL_OF_OLD] : []), ...named].join(":")),
    order: serverOrder ? "on" : "off",
  };
}

const NEVER_AGREED = "PSK-AES256-GCM-SHA384";
const LEVEL_OF_OLD = "@SECLEVEL=0";
const OLD = ["TLSv1", "TLSv1.1"];

function isOld({ protocols }: SslPolicy): boolean {
  return protocols.some((protocol) => OLD.includes(protocol));
}

function policyOf({ sslPolicy }: HostOptions): SslPolicy | undefined {
  return sslPolicy === undefined ? undefined : SSL_POLICIES[sslPolicy];
}

function hstsOf({ hsts }: HostOptions, { hstsSeconds }: HttpsSettings): Model {
  if (hsts === "off") return false;
  if (hsts !== undefined) return quoted(hsts);
  return hstsSeconds > 0 && quoted(`max-age=${hstsSeconds}`);
}

/**
 * For names that nobody claims: the operator's `default` certificate, or no handshake at all. Protocols that any host has
 * are let in here; the other hosts have neither ciphers nor OpenSSL's level for them.
 */
export function tlsOfUnknown(hosts: readonly HostOptions[], { directory, certificates }: HttpsSettings): Fields {
  const found = certificates.usable.get(DEFAULT_STEM);
  const wanted = new Set(hosts.flatMap((options) => policyOf(options)?.protocols ?? []));
  const older =
    OLD.some((protocol) => wanted.has(protocol)) && words(...OLD.filter((protocol) => wanted.has(protocol)));
  if (!found) return { certificate: false, older };
  return {
    older,
    certificate: quoted(`${directory}/${DEFAULT_STEM}.crt`),
    key: quoted(`${directory}/${DEFAULT_STEM}.key`),
    about: found.fingerprint.slice(0, 16),
  };
}
