import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { programPath } from "../../demo/program-path.ts";
import type { AcmeAuthority } from "./acme-authority.ts";

/** An ACME client (dehydrated) that installs certificates as acme-companion does. */
export class AcmeClient {
  readonly #config: string;
  readonly #certificates: string;
  readonly #programs: string;

  /** Writes challenges below `webroot` and certificates into `certificates`. */
  constructor(directory: string, authority: AcmeAuthority, webroot: string, certificates: string) {
    this.#config = join(directory, "config");
    this.#certificates = certificates;
    const challenges = join(webroot, ".well-known", "acme-challenge");
    this.#programs = join(directory, "programs");
    for (const one of [this.#programs, challenges]) mkdirSync(one, { recursive: true });
    // dehydrated polls an order every second or two; a local CA is faster.
    writeFileSync(join(this.#programs, "sleep"), "#!/bin/sh\nexec /bin/sleep 0.1\n", { mode: 0o755 });
    const settings = {
      CA: authority.url,
      BASEDIR: directory,
      WELLKNOWN: challenges,
      HOOK: resolve("test/renderer/nginx/install-as-companion.sh"),
      CURL_OPTS: `--cacert ${authority.trusted}`,
      KEY_ALGO: "prime256v1",
    };
    writeFileSync(
      this.#config,
      Object.entries(settings)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(""),
    );
  }

  async register(): Promise<void> {
    await this.#run("--register", "--accept-terms");
  }

  /** Issues one certificate with a new key for these names, in a directory named like the first. */
  async issue(...names: readonly string[]): Promise<void> {
    await this.#run("--cron", "--force", ...names.flatMap((name) => ["--domain", name]));
  }

  async #run(...args: readonly string[]): Promise<void> {
    const env = { PATH: `${this.#programs}:${programPath()}`, CERTIFICATES: this.#certificates };
    await promisify(execFile)("dehydrated", ["--config", this.#config, ...args], { env });
  }
}
