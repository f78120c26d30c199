import type { HostOptions } from "../routes/options.ts";
import { SSL_POLICIES, type SslPolicy } from "../routes/ssl-policies.ts";
import type { Model, ModelFields } from "../template/model.ts";
import { type Certificate, expiryDate } from "./certificates/certificate.ts";
import { DEFAULT_STEM } from "./certificates/choose.ts";
import type { ClientFiles } from "./certificates/clients.ts";
import type { Guard } from "./guard.ts";
import type { HttpsSettings } from "./settings.ts";
import { quoted, tokens } from "./text.ts";

const OLD_PROTOCOLS = ["TLSv1", "TLSv1.1"];

/** A cipher of TLS 1.2 that is never negotiated, because no pre-shared key is configured. */
const UNUSABLE_CIPHER = "PSK-AES256-GCM-SHA384";

export function tlsModel(
  certificate: Certificate,
  options: HostOptions,
  https: HttpsSettings,
  clients: Guard<ClientFiles>,
): ModelFields {
  const { directory, certificates } = https;
  const file = (name: string): Model => quoted(`${directory}/${name}`);
  const { stem, fingerprint, extras, extrasHash } = certificate;
  const hasOwnDhparam = extras?.includes("dhparam.pem") === true;
  const dhparam = hasOwnDhparam ? undefined : certificates.dhparam;
  const policy = policyOf(options);
  const hsts = options.httpsMethod === "noredirect" ? undefined : hstsOf(options, https);
  return {
    certificate: file(`${stem}.crt`),
    key: file(`${stem}.key`),
    // A renewed certificate has the same path: the hash makes the text differ, which causes a reload.
    hash: [fingerprint.slice(0, 16), extrasHash, dhparam].filter((one) => one !== undefined).join("-"),
    expires: expiryDate(certificate),
    dhparam: hasOwnDhparam ? file(`${stem}.dhparam.pem`) : dhparam !== undefined && file("dhparam.pem"),
    chain: extras?.includes("chain.pem") ? file(`${stem}.chain.pem`) : false,
    hsts: hsts === undefined ? false : quoted(hsts),
    policy: policy ? policyModel(policy) : false,
    clients: clients.kind === "applied" && clientsModel(clients.value, options, file),
  };
}

function clientsModel(
  { authority, revoked }: ClientFiles,
  { verifyClient = "on" }: HostOptions,
  file: (name: string) => Model,
): ModelFields {
  return {
    authority: file(authority.name),
    revoked: revoked !== undefined && file(revoked.name),
    verify: verifyClient,
    hash: [authority, ...(revoked ? [revoked] : [])].map(({ model }) => model.hash).join("-"),
  };
}

/** Returns the value of Strict-Transport-Security, or undefined if it is disabled. */
export function hstsOf({ hsts }: HostOptions, { hstsSeconds }: HttpsSettings): string | undefined {
  if (hsts !== undefined) return hsts === "off" ? undefined : hsts;
  return hstsSeconds > 0 ? `max-age=${hstsSeconds}` : undefined;
}

/**
 * nginx negotiates the protocol before it knows the host name, by the first server of the port. So a policy of only
 * TLS 1.3 gets an unusable cipher for TLS 1.2, and a policy with TLS 1.0 or 1.1 gets OpenSSL's security level 0.
 */
function policyModel({ protocols, ciphers, serverOrder }: SslPolicy): ModelFields {
  const isOld = protocols.some((protocol) => OLD_PROTOCOLS.includes(protocol));
  const named = ciphers.length === 0 ? [UNUSABLE_CIPHER] : ciphers;
  return {
    protocols: tokens(...protocols),
    ciphers: tokens([...(isOld ? ["@SECLEVEL=0"] : []), ...named].join(":")),
    order: serverOrder ? "on" : "off",
  };
}

function policyOf({ sslPolicy }: HostOptions): SslPolicy | undefined {
  return sslPolicy === undefined ? undefined : SSL_POLICIES[sslPolicy];
}

/**
 * Returns TLS for unknown host names: the `default` certificate, or none, with which handshakes are rejected. It accepts
 * the old protocols of all hosts; hosts without such a policy have neither ciphers nor the security level for them.
 */
export function unknownHostTls(hosts: readonly HostOptions[], { directory, certificates }: HttpsSettings): ModelFields {
  const found = certificates.usable.get(DEFAULT_STEM);
  const requested = new Set(hosts.flatMap((options) => policyOf(options)?.protocols ?? []));
  const old = OLD_PROTOCOLS.filter((protocol) => requested.has(protocol));
  return {
    oldProtocols: old.length > 0 && tokens(...old),
    certificate: found !== undefined && quoted(`${directory}/${DEFAULT_STEM}.crt`),
    ...(found && { key: quoted(`${directory}/${DEFAULT_STEM}.key`), hash: found.fingerprint.slice(0, 16) }),
  };
}
