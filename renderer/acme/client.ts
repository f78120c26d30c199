import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Failure, failureOf } from "./failure.ts";
import type { AcmeSettings } from "./settings.ts";
import { type Issued, issuedProblem } from "./store.ts";
import type { Wanted } from "./wanted.ts";

/** Milliseconds until an order is given up. DNS-01 hooks wait for DNS servers. */
const ORDER_MS = 15 * 60_000;

/** Seconds for one request to the authority. */
const REQUEST_SECONDS = 60;

/** Characters of the output that are kept: its end has the error. */
const MAX_OUTPUT = 64 * 1_024;

export type OrderResult =
  | { readonly kind: "issued"; readonly issued: Issued }
  | ({ readonly kind: "failed" } & Failure);

/**
 * Gets certificates by dehydrated, one at a time. dehydrated has what we would write otherwise: account keys, orders,
 * challenges and hooks for DNS-01. (lego is one static binary, but its providers make it 50 MB, and it needs an e-mail
 * address and its own layout of accounts.) Names reach it as arguments, other values as quoted text in a file.
 */
export class AcmeClient {
  readonly #settings: AcmeSettings;
  readonly #variables: Readonly<Record<string, string | undefined>>;

  /** `variables`: the environment of dehydrated and the hook. */
  constructor(settings: AcmeSettings, variables: Readonly<Record<string, string | undefined>>) {
    this.#settings = settings;
    this.#variables = variables;
  }

  /** Orders a certificate from this authority. Throws errors of the file system. */
  async order(wanted: Wanted, authority: string, signal: AbortSignal): Promise<OrderResult> {
    const result = await this.#order(wanted, authority, signal);
    if (result.kind === "issued" || result.cause !== "unknown account") return result;
    // The authority has lost its accounts, as test services do. The key is of no use any more.
    const account = this.#accountOf(authority);
    renameSync(account, `${account}.unknown-${Date.now()}`);
    return await this.#order(wanted, authority, signal);
  }

  hasAccount(authority: string): boolean {
    return existsSync(this.#accountOf(authority));
  }

  async #order(wanted: Wanted, authority: string, signal: AbortSignal): Promise<OrderResult> {
    const { state } = this.#settings;
    const work = join(state, "order");
    // A failed order leaves keys behind.
    rmSync(work, { recursive: true, force: true });
    const wellKnown = join(this.#settings.challenges, ".well-known", "acme-challenge");
    for (const directory of [join(work, "tmp"), this.#accountOf(authority), join(wellKnown)]) {
      mkdirSync(directory, { recursive: true });
    }
    const config = join(work, "config");
    writeFileSync(config, this.#config(wanted, authority, { work, wellKnown }), { mode: 0o600 });
    const names = wanted.names.flatMap((name) => ["--domain", name]);
    const args = ["--cron", "--accept-terms", "--no-lock", "--config", config, "--alias", wanted.file, ...names];
    const { code, output } = await this.#run(args, join(work, "tmp"), signal);
    if (code !== 0) return this.#failed(output, authority);
    const made = join(work, "certs", wanted.file);
    const issued = { chain: readFileSync(join(made, "fullchain.pem")), key: readFileSync(join(made, "privkey.pem")) };
    rmSync(work, { recursive: true, force: true });
    const reason = issuedProblem(issued, wanted.names);
    return reason === undefined ? { kind: "issued", issued } : { kind: "failed", reason };
  }

  #failed(output: string, authority: string): OrderResult {
    const failure = failureOf(output, Date.now());
    if (failure.cause !== "account") return { kind: "failed", ...failure };
    const hint = `to register a new account, remove ${this.#accountOf(authority)}`;
    return { kind: "failed", ...failure, reason: `${failure.reason.slice(0, 250)}; ${hint}` };
  }

  #config(
    { email = this.#settings.email }: Wanted,
    authority: string,
    { work, wellKnown }: { readonly work: string; readonly wellKnown: string },
  ): string {
    const { hook, trusted, external } = this.#settings;
    // Only the operator's authority gets the operator's key.
    const { id = "", key = "" } = (authority === this.#settings.authority && external) || {};
    const curl = ["--proto", "=https", "--max-time", String(REQUEST_SECONDS)];
    const values = {
      CA: authority,
      ACCOUNTDIR: this.#accountOf(authority),
      CERTDIR: join(work, "certs"),
      CHAINCACHE: join(work, "chains"),
      WELLKNOWN: wellKnown,
      CHALLENGETYPE: hook === undefined ? "http-01" : "dns-01",
      HOOK: hook ?? "",
      CONTACT_EMAIL: email ?? "",
      EAB_KID: id,
      EAB_HMAC_KEY: key,
      KEY_ALGO: "prime256v1",
      // Of the account's key; the name depends on the version of dehydrated.
      KEYSIZE: "2048",
      ACCOUNT_KEYSIZE: "2048",
      CURL_OPTS: [...curl, ...(trusted === undefined ? [] : ["--cacert", trusted])].join(" "),
    };
    return Object.entries(values)
      .map(([name, value]) => `${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`)
      .join("");
  }

  /** One directory for each authority, with a name that an operator recognizes. */
  #accountOf(authority: string): string {
    return join(
      this.#settings.state,
      "accounts",
      authority.replace(/^https:\/\//, "").replaceAll(/[^A-Za-z0-9.-]+/g, "_"),
    );
  }

  async #run(
    args: readonly string[],
    tmp: string,
    signal: AbortSignal,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    return await new Promise((resolve) => {
      let output = "";
      const env = { ...this.#variables, TMPDIR: tmp };
      // A group of its own, so that curl and the hook end with it.
      const child = spawn("dehydrated", args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
      const collect = (part: string): void => void (output = (output + part).slice(-MAX_OUTPUT));
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", collect);
      const end = (): void => {
        if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      };
      const timer = setTimeout(() => {
        collect(`\nERROR: the order took longer than ${ORDER_MS / 60_000} minutes\n`);
        end();
      }, ORDER_MS);
      signal.addEventListener("abort", end, { once: true });
      const finish = (code: number | null): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve({ code, output });
      };
      child.on("error", (error) => {
        collect(`\nERROR: cannot start dehydrated: ${error.message}\n`);
        finish(null);
      });
      child.on("close", finish);
    });
  }
}
