import type { Log } from "../../../shared/log.ts";
import { directoryFingerprint } from "../operator-files/store.ts";
import type { KnownFiles } from "../operator-files/known-files.ts";
import { isExpiring } from "./certificate.ts";
import { type CertificateSet, readCertificates } from "./directory.ts";

/** Milliseconds for which a certificate whose files disappear stays in use: ACME clients create links again. */
const KEPT_MS = 60_000;

/** The certificates of one directory as they were last read. Logs each invalid or expiring certificate once. */
export class CertificateStore {
  readonly directory: string;
  readonly #log: Log;
  readonly #knownFiles: KnownFiles;
  #set: CertificateSet;
  #logged = new Set<string>();
  /** When the files of a certificate that is still in use disappeared, in milliseconds since the epoch. */
  readonly #goneSince = new Map<string, number>();

  constructor(directory: string, knownFiles: KnownFiles, log: Log) {
    this.directory = directory;
    this.#knownFiles = knownFiles;
    this.#log = log;
    this.#set = this.#read();
    this.#logNew();
  }

  get certificates(): CertificateSet {
    return this.#set;
  }

  /** When a certificate whose files are missing is given up; undefined if no files are missing. */
  get nextEnd(): number | undefined {
    return this.#goneSince.size === 0 ? undefined : Math.min(...this.#goneSince.values()) + KEPT_MS;
  }

  /**
   * Reads the directory again and gives up certificates whose files are missing: nginx could not load a new configuration.
   * Returns true if a certificate was given up, added, removed or renewed.
   */
  giveUp(): boolean {
    const isChanged = this.refresh();
    if (this.#goneSince.size === 0) return isChanged;
    for (const stem of this.#goneSince.keys()) this.#goneSince.set(stem, 0);
    return this.refresh() || isChanged;
  }

  /** Reads the directory again. Returns true if a certificate was added, removed or renewed. */
  refresh(): boolean {
    const found = this.#withGone(this.#read());
    const isChanged = fingerprintOf(found) !== fingerprintOf(this.#set);
    if (isChanged) this.#set = found;
    this.#logNew();
    return isChanged;
  }

  /** Adds certificates that were there a moment ago. */
  #withGone(found: CertificateSet): CertificateSet {
    const isThere = ({ stem }: { readonly stem: string }): boolean =>
      found.usable.has(stem) || found.invalid.some((one) => one.stem === stem);
    const gone = [...this.#set.usable.values()].filter((one) => !isThere(one));
    const now = Date.now();
    for (const stem of this.#goneSince.keys()) if (isThere({ stem })) this.#goneSince.delete(stem);
    const kept = gone.filter(({ stem }) => {
      const since = this.#goneSince.get(stem) ?? now;
      if (!this.#goneSince.has(stem)) {
        const hint = `restore the files; it stays in use for ${KEPT_MS / 1_000} s, or until nginx needs a new configuration`;
        this.#log("warn", "certificate.missing", { path: this.directory, certificate: stem, hint });
      }
      const isKept = since + KEPT_MS > now;
      if (isKept) this.#goneSince.set(stem, since);
      else this.#goneSince.delete(stem);
      return isKept;
    });
    if (kept.length === 0) return found;
    const all = [...found.usable.values(), ...kept].toSorted((a, b) => (a.stem < b.stem ? -1 : 1));
    return { ...found, usable: new Map(all.map((one) => [one.stem, one])) };
  }

  #read(): CertificateSet {
    const found = readCertificates(this.directory);
    return {
      ...found,
      ...(found.clients && { clients: this.#knownFiles.complete("https.certificates", found.clients) }),
    };
  }

  #logNew(): void {
    const expiring = [...this.#set.usable.values()].filter((one) => isExpiring(one, Date.now()));
    const events = [
      ...this.#set.invalid.map(({ stem, reason }) => ["certificate.rejected", stem, { reason }] as const),
      ...expiring.map(({ stem, notAfter }) => {
        return ["certificate.expiring", stem, { expires: new Date(notAfter).toISOString() }] as const;
      }),
    ];
    for (const [event, certificate, fields] of events) {
      if (this.#logged.has(JSON.stringify([event, certificate, fields]))) continue;
      this.#log("warn", event, { path: this.directory, certificate, ...fields });
    }
    this.#logged = new Set(events.map((one) => JSON.stringify(one)));
  }
}

function fingerprintOf({ usable, invalid, clients, dhparam }: CertificateSet): string {
  const pairs = [...usable.values()].map(({ stem, fingerprint, extrasHash }) => [stem, fingerprint, extrasHash]);
  return JSON.stringify([pairs, invalid, clients && directoryFingerprint(clients), dhparam]);
}
