import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AuditTrail } from "../../agent/audit.ts";
import { createKey, originOf, readKey } from "../../agent/audit-key.ts";
import { removeDirectory } from "../remove-directory.ts";

/** Name of the log in all trails of tests. */
export const ORIGIN = originOf("local");

interface OpenOptions {
  readonly maxBytes?: number;
  readonly keep?: number;
  readonly keepMs?: number;
  readonly onFailure?: (errno: string) => void;
  readonly onDamage?: (path: string, bytes: number) => void;
}

/** A directory with a key pair, and trails that the key signs. */
export class TrailRig {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-audit-"));
  readonly keyFile = join(this.directory, "agent.key");

  constructor() {
    createKey(this.keyFile, ORIGIN);
  }

  get publicKeyFile(): string {
    return `${this.keyFile}.pub`;
  }

  /** Returns a new directory for a trail. */
  create(name: string): string {
    const directory = join(this.directory, name);
    mkdirSync(directory);
    return directory;
  }

  open(directory: string, options: OpenOptions = {}): AuditTrail {
    const {
      maxBytes = 1 << 20,
      keep = 100,
      keepMs = 0,
      onFailure = () => undefined,
      onDamage = () => undefined,
    } = options;
    const key = readKey(this.keyFile, ORIGIN);
    return new AuditTrail({
      directory,
      key,
      origin: ORIGIN,
      maxBytes,
      keep,
      keepMs,
      instance: "test",
      onFailure,
      onDamage,
    });
  }

  async close(): Promise<void> {
    await removeDirectory(this.directory);
  }
}

/** Appends records, and publishes a checkpoint after every fifth. */
export function appendTo(trail: AuditTrail, count: number): void {
  for (let conn = 1; conn <= count; conn++) {
    trail.append("rpc.connect", "allow", "ok", { conn, name: "\u2028é" });
    if (conn % 5 === 0) trail.announce();
  }
}

/** Ends a trail as the agent does. */
export function stop(trail: AuditTrail): void {
  trail.append("stop", "note", "ok");
  trail.announce();
  trail.close();
}

/** The verifier in Go, as one process for many trails. */
export class GoVerifier {
  readonly #program: string;
  readonly #publicKeyFile: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(publicKeyFile: string, directory: string) {
    this.#program = join(directory, "verifier");
    this.#publicKeyFile = publicKeyFile;
    execFileSync("go", ["build", "-o", this.#program, "."], { cwd: "test/agent/verifier", stdio: "pipe" });
    this.#process = spawn(this.#program, [publicKeyFile], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#process.stdout!)[Symbol.asyncIterator]();
  }

  /** Returns the exit codes for directories. */
  async verify(directories: readonly string[]): Promise<number[]> {
    this.#process.stdin!.write(directories.map((directory) => `${directory}\n`).join(""));
    const codes: number[] = [];
    while (codes.length < directories.length) codes.push(Number((await this.#lines.next()).value));
    return codes;
  }

  /** Verifies exported tiles in a directory, or a proof in a file. Throws if they are wrong. */
  check(what: "tiles" | "proof", path: string): void {
    execFileSync(this.#program, [this.#publicKeyFile, what, path], { stdio: "pipe" });
  }

  close(): void {
    this.#process.stdin!.end();
  }
}
