import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { programPath } from "../../../demo/program-path.ts";
import { removeDirectory } from "../../../remove-directory.ts";

/** A response or an event of the browser. */
type Output = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Output;
  readonly result?: Output;
  readonly error?: { readonly message: string };
}

/** Milliseconds within which it must exit. */
const FAREWELL_MS = 5_000;

/** A headless Chromium with a profile of its own, controlled by its debugging protocol over two pipes. */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), "sallyport-chromium-"));
  readonly #waiting = new Map<number, { resolve: (result: Output) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(message: Message) => void>();
  #lastId = 0;
  #rest = "";

  /** `flags` are command line options. */
  constructor(flags: readonly string[] = []) {
    const args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"];
    const profile = [`--user-data-dir=${this.#profile}`, "--remote-debugging-pipe", "about:blank"];
    this.#child = spawn("chromium", [...args, "--disable-dev-shm-usage", ...flags, ...profile], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: { PATH: programPath(), HOME: this.#profile },
    });
    this.#child.on("error", (error) => this.#fail(error));
    this.#child.on("exit", () => this.#fail(new Error("Chromium has ended")));
    (this.#child.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => this.#read(text));
    (this.#child.stdio[3] as Writable).on("error", (error) => this.#fail(error));
  }

  /** Sends a command, to a page if a session is named. */
  async send(method: string, params: object = {}, sessionId?: string): Promise<Output> {
    const id = ++this.#lastId;
    const answered = new Promise<Output>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return await answered;
  }

  /** Calls back with the events of this session. */
  onSaid(sessionId: string, callback: (method: string, params: Output) => void): void {
    this.#listeners.add(({ method, params = {}, sessionId: from }) => {
      if (from === sessionId && method !== undefined) callback(method, params);
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.pid !== undefined) {
      const exited = once(this.#child, "exit");
      this.send("Browser.close").catch(() => undefined);
      const insist = setTimeout(() => this.#child.kill("SIGKILL"), FAREWELL_MS);
      await exited;
      clearTimeout(insist);
    }
    await removeDirectory(this.#profile);
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop() ?? "";
    for (const message of messages) this.#take(JSON.parse(message) as Message);
  }

  #take(message: Message): void {
    const waiting = this.#waiting.get(message.id ?? 0);
    if (!waiting) return this.#listeners.forEach((listener) => listener(message));
    this.#waiting.delete(message.id ?? 0);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result ?? {});
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
