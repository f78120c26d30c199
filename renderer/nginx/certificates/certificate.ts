import { createPrivateKey, X509Certificate } from "node:crypto";

/** Days before its end at which a certificate is reported as expiring. */
const EXPIRING_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A certificate with its key, in the files `<stem>.crt` and `<stem>.key`. */
export interface Certificate {
  readonly stem: string;
  /** DNS names that it is valid for, in lower case; a wildcard as `*.name`. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. An expired certificate stays in use: a browser's warning explains more than a failed handshake. */
  readonly notAfter: number;
  /** SHA-256 in hexadecimal. */
  readonly fingerprint: string;
  /** Endings of further files with this stem: `dhparam.pem`, `chain.pem`. */
  readonly extras?: readonly string[];
  readonly extrasHash?: string;
}

/** A pair of files with which nginx would reject the whole configuration. */
export interface InvalidCertificate {
  readonly stem: string;
  readonly reason: string;
}

/** `keyPem` is undefined if the renderer may not read the key; then nginx checks whether it matches. */
export function parseCertificate(stem: string, pem: string, keyPem?: string): Certificate | InvalidCertificate {
  try {
    const found = new X509Certificate(pem);
    if (keyPem !== undefined && !found.checkPrivateKey(createPrivateKey(keyPem))) {
      return { stem, reason: `${stem}.key does not match ${stem}.crt; replace one of them` };
    }
    return {
      stem,
      names: namesOf(found),
      notAfter: Date.parse(found.validTo),
      fingerprint: found.fingerprint256.replaceAll(":", "").toLowerCase(),
    };
  } catch {
    if (keyPem?.includes("ENCRYPTED") === true) {
      const hint = `write it without one: openssl pkey -in ${stem}.key -out NEW`;
      return { stem, reason: `${stem}.key is protected by a passphrase, which nginx cannot ask for; ${hint}` };
    }
    // The parser's message may quote the key.
    return { stem, reason: `${stem}.crt or ${stem}.key is not valid PEM; replace it` };
  }
}

/** Returns the names and addresses of a certificate; without any, its common name, as clients and nginx-proxy's users do. */
export function namesOf({ subjectAltName = "", subject }: X509Certificate): string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([^,\s"]+)/g)].map((match) => match[1] ?? "");
  const common = /^CN=([^\s,]+)$/m.exec(subject)?.[1];
  return (names.length > 0 || common === undefined ? names : [common]).map((name) => name.toLowerCase());
}

/** Returns the last day of validity in UTC, such as `2027-01-31`. */
export function expiryDate({ notAfter }: Pick<Certificate, "notAfter">): string {
  return new Date(notAfter).toISOString().slice(0, 10);
}

/** Whether a certificate expires soon or has expired. `now` is milliseconds since the epoch. */
export function isExpiring({ notAfter }: Certificate, now: number): boolean {
  return notAfter - now < EXPIRING_DAYS * DAY_MS;
}

/** Returns the days until expiry, rounded down; negative after it. `now` is milliseconds since the epoch. */
export function daysLeft({ notAfter }: Certificate, now: number): number {
  return Math.floor((notAfter - now) / DAY_MS);
}
