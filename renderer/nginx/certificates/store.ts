import type { Log } from "../../../shared/log.ts";
import { directoryFingerprint } from "../operator-files/store.ts";
import type { GuardMemory } from "../operator-files/memory.ts";
import { isExpiring } from "./certificate.ts";
import { type CertificateSet, readCertificates } from "./directory.ts";

/** The certificates of one directory as they were last read. Logs each invalid or expiring certificate once. */
export class CertificateStore {
  readonly directory: string;
  readonly #log: Log;
  readonly #memory: GuardMemory;
  #set: CertificateSet;
  #logged = new Set<string>();

  constructor(directory: string, memory: GuardMemory, log: Log) {
    this.directory = directory;
    this.#memory = memory;
    this.#log = log;
    this.#set = this.#read();
    this.#logNew();
  }

  get certificates(): CertificateSet {
    return this.#set;
  }

  /** Reads the directory again. Returns true if a certificate was added, removed or renewed. */
  refresh(): boolean {
    const found = this.#read();
    const isChanged = fingerprintOf(found) !== fingerprintOf(this.#set);
    if (isChanged) this.#set = found;
    this.#logNew();
    return isChanged;
  }

  #read(): CertificateSet {
    const found = readCertificates(this.directory);
    return {
      ...found,
      ...(found.clients && { clients: this.#memory.complete("https.certificates", found.clients) }),
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
