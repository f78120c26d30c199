import { isAbsolute } from "node:path";
import { quoted } from "../../shared/log.ts";

/** Let's Encrypt, and its test service. */
const PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory";
export const TEST = "https://acme-staging-v02.api.letsencrypt.org/directory";

/** What the operator sets in the environment. */
export interface AcmeSettings {
  /** The file of wanted certificates, which the renderer writes. */
  readonly wanted: string;
  /** Accounts and what is needed only during an order. */
  readonly state: string;
  /** Where certificates are installed. */
  readonly certificates: string;
  /** Directory of `.well-known/acme-challenge/`. */
  readonly challenges: string;
  readonly authority: string;
  readonly email?: string;
  /** Program for DNS-01. Without it, names are validated by HTTP-01. */
  readonly hook?: string;
  /** Another directory, with the operator's certificates. No certificate is requested for their names. */
  readonly own?: string;
  /** Account at the authority's operator, for authorities that require one (external account binding). */
  readonly external?: { readonly id: string; readonly key: string };
  /** Certificates that the authority's own HTTPS server is verified by. Default: those of the system. */
  readonly trusted?: string;
}

/** Each variable with its default and its meaning. */
export const VARIABLES = {
  ACME_CA_URI: [PRODUCTION, "directory of the ACME authority"],
  LETSENCRYPT_TEST: ["false", "use the test service of Let's Encrypt for all certificates"],
  DEFAULT_EMAIL: ["", "contact address of the account at the authority"],
  ACME_EAB_KID: ["", "key identifier, for authorities that require an external account"],
  ACME_EAB_HMAC_KEY: ["", "key of the external account, in base64url"],
  SALLYPORT_ACME_HOOK: ["", "program for DNS-01; without it, names are validated over HTTP"],
  CA_BUNDLE: ["", "certificates that verify the authority's own HTTPS server"],
  SALLYPORT_ACME_WANTED: ["/run/sallyport/acme/wanted.json", "file of wanted certificates"],
  SALLYPORT_ACME_STATE: ["/var/lib/sallyport/acme", "directory of accounts"],
  SALLYPORT_ACME_CERTIFICATES: ["/etc/nginx/certs", "directory of certificates"],
  SALLYPORT_ACME_OWN: ["", "another directory with your own certificates, which take precedence"],
  SALLYPORT_ACME_CHALLENGES: ["/usr/share/nginx/html", "directory of .well-known/acme-challenge/"],
} as const satisfies Readonly<Record<string, readonly [fallback: string, meaning: string]>>;

/** Reads the settings from the environment. */
export function parseSettings(
  variables: Readonly<Record<string, string | undefined>>,
): AcmeSettings | { readonly problems: readonly string[] } {
  const value = (name: keyof typeof VARIABLES): string => {
    const text = variables[name]?.trim() ?? "";
    return text === "" ? VARIABLES[name][0] : text;
  };
  const problems: string[] = [];
  const path = (name: keyof typeof VARIABLES): string => {
    const text = value(name);
    // CURL_OPTS of dehydrated is split at blanks.
    if (text !== "" && (!isAbsolute(text) || /[\s\0]/.test(text))) {
      problems.push(`${name}: ${quoted(text)} is not an absolute path without blanks; correct it`);
    }
    return text;
  };
  const isTest = value("LETSENCRYPT_TEST");
  if (isTest !== "true" && isTest !== "false") {
    problems.push(`LETSENCRYPT_TEST: ${quoted(isTest)} is not true or false; correct or remove it`);
  }
  const authority = isTest === "true" && (variables["ACME_CA_URI"] ?? "") === "" ? TEST : value("ACME_CA_URI");
  if (!/^https:\/\/[A-Za-z0-9.:[\]-]+\/[A-Za-z0-9._~%/-]*$/.test(authority) || authority.length > 150) {
    problems.push(`ACME_CA_URI: ${quoted(authority)} is not an https URL; set the directory of an ACME authority`);
  }
  const email = value("DEFAULT_EMAIL");
  if (email !== "" && !/^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/.test(email)) {
    problems.push(`DEFAULT_EMAIL: ${quoted(email)} is not an e-mail address; correct or remove it`);
  }
  const [id, key] = [value("ACME_EAB_KID"), value("ACME_EAB_HMAC_KEY")];
  if ((id === "") !== (key === "")) {
    problems.push("ACME_EAB_KID, ACME_EAB_HMAC_KEY: only one of the two is set; set both");
  }
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{0,255}$/.test(id))
    problems.push(`ACME_EAB_KID: ${quoted(id)} is not a key identifier; correct it`);
  // The key is a secret, and is not quoted.
  if (!/^[A-Za-z0-9_-]{0,1024}$/.test(key)) problems.push("ACME_EAB_HMAC_KEY: the value is not base64url; correct it");
  const [hook, trusted, own] = [path("SALLYPORT_ACME_HOOK"), path("CA_BUNDLE"), path("SALLYPORT_ACME_OWN")];
  const settings = {
    wanted: path("SALLYPORT_ACME_WANTED"),
    state: path("SALLYPORT_ACME_STATE"),
    certificates: path("SALLYPORT_ACME_CERTIFICATES"),
    challenges: path("SALLYPORT_ACME_CHALLENGES"),
    authority,
    ...(email !== "" && { email }),
    ...(hook !== "" && { hook }),
    ...(trusted !== "" && { trusted }),
    ...(own !== "" && { own }),
    ...(id !== "" && { external: { id, key } }),
  };
  return problems.length > 0 ? { problems } : settings;
}
