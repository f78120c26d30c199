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
  /** Hash of the contents of `extras`. */
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
      return { stem, reason: `${stem}.key does not match ${stem}.crt` };
    }
    const names = [...(found.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map((match) => match[1] ?? "");
    return {
      stem,
      names: names.map((name) => name.toLowerCase()),
      notAfter: Date.parse(found.validTo),
      fingerprint: found.fingerprint256.replaceAll(":", "").toLowerCase(),
    };
  } catch {
    // The parser's message may quote the key.
    return { stem, reason: `${stem}.crt or ${stem}.key is not valid PEM` };
  }
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
