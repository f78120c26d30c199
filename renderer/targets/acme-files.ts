import { join } from "node:path";
import type { Log } from "../../shared/log.ts";
import { type Progress, PROGRESS_FILE, readProgress } from "../acme/progress.ts";
import { printWanted, WANTED_FILE } from "../acme/wanted.ts";
import { safeWrite } from "../disk/safe-write.ts";
import { wantedCertificates, type WantedCertificates } from "../nginx/certificates/wanted.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import type { HostOwnership, VirtualHost } from "../routes/routes.ts";
import type { AcmeState } from "../status/acme.ts";

/**
 * The two files that the renderer shares with the ACME client: it writes the wanted certificates, and reads the progress.
 * They are all that the two have in common.
 */
export class AcmeFiles {
  readonly #wantedPath: string;
  readonly #progressPath: string;
  readonly #settings: () => NginxSettings;
  readonly #log: Log;
  #wanted: WantedCertificates = { certificates: [], refused: [] };
  #progress: readonly Progress[] = [];
  #isDamaged = false;
  #written = "";
  #error = "";
  #writing: Promise<void> = Promise.resolve();
  #logged = new Set<string>();

  constructor(
    directories: { readonly wanted: string; readonly progress: string },
    settings: () => NginxSettings,
    log: Log,
  ) {
    this.#wantedPath = join(directories.wanted, WANTED_FILE);
    this.#progressPath = join(directories.progress, PROGRESS_FILE);
    this.#settings = settings;
    this.#log = log;
    this.refresh();
  }

  get state(): AcmeState {
    const problem =
      this.#error !== ""
        ? this.#error
        : this.#isDamaged
          ? `${this.#progressPath}: is damaged; restart the ACME client`
          : undefined;
    return { ...this.#wanted, progress: this.#progress, ...(problem !== undefined && { problem }) };
  }

  /** Lists the certificates of these hosts. They are live, so the authority can validate their names. */
  published(virtualHosts: readonly VirtualHost[], owners: ReadonlyMap<string, HostOwnership> | undefined): void {
    this.#wanted = wantedCertificates(virtualHosts, owners, this.#settings());
    const text = printWanted(this.#wanted.certificates);
    this.#writing = this.#writing.then(async () => await this.#write(text));
  }

  /** Reads the progress again, and logs new failures. */
  refresh(): void {
    const found = readProgress(this.#progressPath);
    this.#isDamaged = found === "damaged";
    // The last valid progress is better than none.
    if (found !== "damaged") this.#progress = found === "missing" ? [] : found;
    const failed = this.#progress.flatMap(({ file, error }) =>
      error === undefined ? [] : [{ certificate: file, error }],
    );
    for (const one of failed) {
      if (!this.#logged.has(JSON.stringify(one))) this.#log("warn", "certificate.failed", one);
    }
    this.#logged = new Set(failed.map((one) => JSON.stringify(one)));
  }

  /** Resolves when the last list is on disk. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(text: Buffer): Promise<void> {
    if (text.toString() === this.#written) return;
    try {
      await safeWrite(this.#wantedPath, text, "content and name");
      this.#written = text.toString();
      this.#error = "";
    } catch (caught) {
      const error = caught instanceof Error ? caught.message : "unknown";
      if (error !== this.#error) this.#log("error", "wanted.failed", { path: this.#wantedPath, error });
      this.#error = error;
    }
  }
}
