import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Log } from "../../shared/log.ts";
import { safeWrite } from "../disk/safe-write.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { AcmeClient } from "./client.ts";
import type { Failure } from "./failure.ts";
import { printProgress, type Progress, PROGRESS_FILE, readProgress } from "./progress.ts";
import { afterChange, afterFailure, type Attempt, type Due, MAX_ATTEMPTS, nextTurn, renewalOf } from "./schedule.ts";
import { type AcmeSettings, TEST } from "./settings.ts";
import { CertificateFiles } from "./store.ts";
import { readWanted, type Wanted } from "./wanted.ts";

/** Name of the file whose time shows that the program works. */
export const ALIVE_FILE = "alive";

/** Milliseconds between two looks at the file of wanted certificates and at the clock. */
const LOOK_MS = 60_000;

/** Gets, installs and renews the wanted certificates, one after the other. Removes nothing. */
export class AcmeLoop {
  readonly #settings: AcmeSettings;
  readonly #client: AcmeClient;
  readonly #files: CertificateFiles;
  readonly #log: Log;
  /** The last valid list; undefined until there was one. */
  #wanted: readonly Wanted[] | undefined;
  readonly #progress = new Map<string, Progress>();
  #attempts: readonly Attempt[] = [];
  #problem = "";
  #written = "";
  #wake: () => void = () => undefined;

  constructor(settings: AcmeSettings, variables: Readonly<Record<string, string | undefined>>, log: Log) {
    this.#settings = settings;
    this.#client = new AcmeClient(settings, variables);
    this.#files = new CertificateFiles(settings.certificates, settings.own);
    this.#log = log;
    const found = readProgress(this.#progressPath);
    if (found === "damaged") log("warn", "acme.discarded", { path: this.#progressPath });
    for (const one of typeof found === "string" ? [] : found) this.#progress.set(one.file, one);
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { wanted, authority } = this.#settings;
    this.#log("info", "acme.started", { path: wanted, authority });
    watchDirectory(dirname(wanted), () => this.#wake(), signal);
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      // From here on a change ends the pause below.
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      this.#beat();
      this.#read();
      const due = this.#review(Date.now());
      await this.#write();
      const turn = nextTurn(due, this.#attempts, Date.now());
      if ("wanted" in turn) {
        await this.#attempt(turn.wanted, signal);
        continue;
      }
      const pause = Math.max(1_000, Math.min(LOOK_MS, (turn.at ?? Number.POSITIVE_INFINITY) - Date.now()));
      const timer = setTimeout(this.#wake, pause);
      await woken;
      clearTimeout(timer);
    }
    this.#log("info", "acme.stopped");
  }

  /** Tries again what failed, without waiting. */
  retry(): void {
    for (const [file, { nextAt: _, ...one }] of this.#progress)
      if (one.state === "failed") this.#progress.set(file, one);
    this.#wake();
  }

  get #progressPath(): string {
    return join(this.#settings.certificates, PROGRESS_FILE);
  }

  /** Reads the list. One that is missing or invalid is reported, and the last valid one stays in use. */
  #read(): void {
    const found = readWanted(this.#settings.wanted);
    const problem = found === "missing" ? "" : "problem" in found ? found.problem : "";
    if (problem !== "" && problem !== this.#problem) {
      this.#log("error", "acme.rejected", { path: this.#settings.wanted, error: problem });
    }
    this.#problem = problem;
    if (found !== "missing" && !("problem" in found)) this.#wanted = found;
  }

  /** Compares what is wanted with what is installed. Returns when each certificate has to be ordered. */
  #review(now: number): Due[] {
    const wantedFiles = new Set(this.#wanted?.map(({ file }) => file));
    // What is no longer wanted is forgotten when its delay is over, so that asking again does not shorten it.
    for (const [file, { nextAt = 0 }] of this.#progress) {
      if (this.#wanted && !wantedFiles.has(file) && nextAt <= now) this.#progress.delete(file);
    }
    return (this.#wanted ?? []).flatMap((wanted) => this.#reviewOne(wanted) ?? []);
  }

  #reviewOne(wanted: Wanted): Due | undefined {
    const { file, names } = wanted;
    const authority = this.#authorityOf(wanted);
    const found = this.#files.find(file);
    if (found.kind === "foreign") {
      this.#progress.set(file, { file, names, state: "foreign", failures: 0 });
      return undefined;
    }
    const { expiresAt: _, ...known } = this.#progress.get(file) ?? {
      file,
      names,
      authority,
      state: "pending",
      failures: 0,
    };
    const isChanged = !areEqual(known.names, names) || known.authority !== authority;
    const { attemptedAt, issuedBy } = known;
    const renewed: Progress = isChanged
      ? { file, names, authority, state: "pending", failures: 0, attemptedAt, issuedBy, nextAt: afterChange(known) }
      : known;
    const installed = found.kind === "installed" ? found : undefined;
    const isUsable = installed && areEqual(installed.names, names) && (issuedBy ?? authority) === authority;
    const state =
      isUsable && renewed.failures === 0 ? "issued" : renewed.state === "issued" ? "pending" : renewed.state;
    this.#progress.set(file, { ...renewed, state, ...(installed && { expiresAt: installed.notAfter }) });
    // An operator who removes a rejected account wants a new one now.
    const isFree = renewed.isAccountRejected === true && !this.#client.hasAccount(authority);
    return { wanted, at: Math.max(isFree ? 0 : (renewed.nextAt ?? 0), isUsable ? renewalOf(installed) : 0) };
  }

  async #attempt(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const { file, names, owner } = wanted;
    const at = Date.now();
    const authority = this.#authorityOf(wanted);
    this.#attempts = [...this.#attempts, { owner, at }].slice(-MAX_ATTEMPTS);
    const { failures = 0, issuedBy, expiresAt } = this.#progress.get(file) ?? {};
    const base = { file, names, authority, attemptedAt: at, issuedBy, expiresAt };
    // A crash must not lead to one attempt after the other.
    const crashed = afterFailure({ reason: "" }, failures + 1, at);
    this.#progress.set(file, { ...base, state: "pending", failures, nextAt: crashed });
    await this.#write();
    const failure = await this.#order(wanted, authority, signal);
    if (signal.aborted) return;
    if (failure === undefined) {
      this.#progress.set(file, {
        ...base,
        issuedBy: authority,
        state: "issued",
        failures: 0,
        nextAt: afterChange(base),
      });
      this.#log("info", "acme.issued", { certificate: file });
      return;
    }
    const nextAt = afterFailure(failure, failures + 1, Date.now());
    const { reason: error } = failure;
    const isAccountRejected = failure.cause === "account";
    this.#progress.set(file, { ...base, state: "failed", error, failures: failures + 1, nextAt, isAccountRejected });
    this.#log("warn", "acme.failed", { certificate: file, error, retry: new Date(nextAt).toISOString() });
  }

  /** Returns why there is no new certificate. */
  async #order(wanted: Wanted, authority: string, signal: AbortSignal): Promise<Failure | undefined> {
    try {
      const result = await this.#client.order(wanted, authority, signal);
      if (result.kind === "failed") return result;
      await this.#files.install(wanted, result.issued);
      return undefined;
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #authorityOf({ test = false, authority }: Wanted): string {
    return test ? TEST : (authority ?? this.#settings.authority);
  }

  /** Writes the progress for the renderer, and for the next start. */
  async #write(): Promise<void> {
    const text = printProgress([...this.#progress.values()]);
    if (text.toString() === this.#written) return;
    try {
      await safeWrite(this.#progressPath, text, "content and name");
      this.#written = text.toString();
    } catch (error) {
      this.#log("error", "acme.unwritten", { error: error instanceof Error ? error.message : String(error) });
    }
  }

  #beat(): void {
    const path = join(this.#settings.state, ALIVE_FILE);
    try {
      mkdirSync(this.#settings.state, { recursive: true });
      writeFileSync(path, "", { flag: "a" });
      utimesSync(path, new Date(), new Date());
    } catch {
      // The health check reports it.
    }
  }
}

function areEqual(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}
