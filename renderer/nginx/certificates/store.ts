import type { Log } from "../../../shared/log.ts";
import type { Certificate } from "./certificate.ts";
import { type CertificateSet, readCertificates } from "./directory.ts";

/** Days before its end from which on a certificate is called out. */
const WARN_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** The certificates of one directory as they were when it was last looked at; what is new about them is said once. */
export class CertificateStore {
  readonly directory: string;
  readonly #log: Log;
  #set: CertificateSet;
  #said = new Set<string>();

  constructor(directory: string, log: Log) {
    this.directory = directory;
    this.#log = log;
    this.#set = readCertificates(directory);
    this.#say();
  }

  get certificates(): CertificateSet {
    return this.#set;
  }

  /** Looks again; true when a certificate came, went or was renewed. */
  look(): boolean {
    const found = readCertificates(this.directory);
    const isOther = fingerprintOf(found) !== fingerprintOf(this.#set);
    if (isOther) this.#set = found;
    this.#say();
    return isOther;
  }

  #say(): void {
    const { directory } = this;
    const words = new Set<string>();
    for (const { stem, why } of this.#set.refused) {
      words.add(`${stem} ${why}`);
      if (!this.#said.has(`${stem} ${why}`))
        this.#log("warn", "certificate.refused", { directory, name: stem, reason: why });
    }
    for (const one of this.#set.usable.values()) {
      if (!isEnding(one, Date.now())) continue;
      const until = new Date(one.notAfter).toISOString();
      words.add(`${one.stem} ${until}`);
      if (!this.#said.has(`${one.stem} ${until}`))
        this.#log("warn", "certificate.ends", { directory, name: one.stem, until });
    }
    this.#said = words;
  }
}

/** Whether a certificate is no longer good for long, or at all. `now` is milliseconds since the epoch. */
export function isEnding({ notAfter }: Certificate, now: number): boolean {
  return notAfter - now < WARN_DAYS * DAY_MS;
}

/** Whole days until its end, rounded down; negative when it has ended. `now` is milliseconds since the epoch. */
export function daysLeft({ notAfter }: Certificate, now: number): number {
  return Math.floor((notAfter - now) / DAY_MS);
}

function fingerprintOf({ usable, refused, authorities = new Map(), dhparam }: CertificateSet): string {
  const pairs = [...usable.values()].map(({ stem, fingerprint, extrasAbout }) => [stem, fingerprint, extrasAbout]);
  return JSON.stringify([pairs, refused, [...authorities], dhparam]);
}
