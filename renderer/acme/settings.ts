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
  /** Certificates that the authority's own HTTPS server is verified by. Default: those of the system. */
  readonly trusted?: string;
}

/** Each variable with its default and its meaning. */
export const VARIABLES = {
  ACME_CA_URI: [PRODUCTION, "directory of the ACME authority"],
  DEFAULT_EMAIL: ["", "contact address of the account at the authority"],
  SALLYPORT_ACME_HOOK: ["", "program for DNS-01; without it, names are validated over HTTP"],
  CA_BUNDLE: ["", "certificates that verify the authority's own HTTPS server"],
  SALLYPORT_ACME_WANTED: ["/run/sallyport/acme/wanted.json", "file of wanted certificates"],
  SALLYPORT_ACME_STATE: ["/var/lib/sallyport/acme", "directory of accounts"],
  SALLYPORT_ACME_CERTIFICATES: ["/etc/nginx/certs", "directory of certificates"],
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
  const authority = value("ACME_CA_URI");
  if (!/^https:\/\/[A-Za-z0-9.:[\]-]+\/[A-Za-z0-9._~%/-]*$/.test(authority) || authority.length > 150) {
    problems.push(`ACME_CA_URI: ${quoted(authority)} is not an https URL; set the directory of an ACME authority`);
  }
  const email = value("DEFAULT_EMAIL");
  if (email !== "" && !/^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/.test(email)) {
    problems.push(`DEFAULT_EMAIL: ${quoted(email)} is not an e-mail address; correct or remove it`);
  }
  const [hook, trusted] = [path("SALLYPORT_ACME_HOOK"), path("CA_BUNDLE")];
  const settings = {
    wanted: path("SALLYPORT_ACME_WANTED"),
    state: path("SALLYPORT_ACME_STATE"),
    certificates: path("SALLYPORT_ACME_CERTIFICATES"),
    challenges: path("SALLYPORT_ACME_CHALLENGES"),
    authority,
    ...(email !== "" && { email }),
    ...(hook !== "" && { hook }),
    ...(trusted !== "" && { trusted }),
  };
  return problems.length > 0 ? { problems } : settings;
}
