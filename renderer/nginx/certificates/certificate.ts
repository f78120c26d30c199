import { createPrivateKey, X509Certificate } from "node:crypto";

/** A certificate with its key, as two files `<stem>.crt` and `<stem>.key` that nginx can use. */
export interface Certificate {
  readonly stem: string;
  /** DNS names that it stands for, lower case; a wildcard as `*.name`. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. An expired one is used all the same: a browser's warning says more than a refusal. */
  readonly notAfter: number;
  /** SHA-256 in hexadecimal: a renewed certificate has another. */
  readonly fingerprint: string;
  /** Further files of the same stem, by their ending: `dhparam.pem`, `chain.pem`. */
  readonly extras?: readonly string[];
  /** Changes with what is in them. */
  readonly extrasAbout?: string;
}

/** Who signs the certificates of clients, as files of the certificates' directory. */
export interface ClientAuthority {
  readonly authority: string;
  readonly revoked?: string;
  /** Changes with what is in the files. */
  readonly about: string;
}

/** Why a pair of files cannot be used: nginx would refuse the whole configuration because of it. */
export interface RefusedCertificate {
  readonly stem: string;
  readonly why: string;
}

/**
 * Pure: a certificate of the texts of its files. `keyPem` is undefined when the key may not be read here:
 * then whether it fits is for nginx to say.
 */
export function parseCertificate(stem: string, pem: string, keyPem?: string): Certificate | RefusedCertificate {
  try {
    const found = new X509Certificate(pem);
    if (keyPem !== undefined && !found.checkPrivateKey(createPrivateKey(keyPem))) {
      return { stem, why: `${stem}.key is not the key of ${stem}.crt` };
    }
    const names = [...(found.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map((match) => match[1] ?? "");
    return {
      stem,
      names: names.map((name) => name.toLowerCase()),
      notAfter: Date.parse(found.validTo),
      fingerprint: found.fingerprint256.replaceAll(":", "").toLowerCase(),
    };
  } catch {
    // What the parser says may quote what it read, and one of both is a secret.
    return { stem, why: `${stem}.crt or ${stem}.key is not a certificate or key in PEM` };
  }
}

/** The last day it is good for, in UTC, such as `2027-01-31`. */
export function dayOf({ notAfter }: Pick<Certificate, "notAfter">): string {
  return new Date(notAfter).toISOString().slice(0, 10);
}
