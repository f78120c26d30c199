import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, watch } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ServerControl, ControlResult } from "../publish/server-control.ts";

/** Milliseconds to wait for an answer. The script gives nginx ten seconds. */
const ANSWER_MS = 30_000;

/** Bytes of an answer that are read. The script writes at most 4,000 characters of nginx's message. */
const ANSWER_BYTES = 16 * 1024;

const SILENT = "no process listens at the reload channel; start nginx with the channel's script and volume mounted";

/** The parsed content of the channel's answer file. */
interface Answer {
  readonly token: string;
  readonly outcome: string;
  readonly message: string;
}

/**
 * Sends requests to the shell loop in the nginx container (renderer/nginx/90-sallyport-reload.sh) through a FIFO. The
 * answer arrives in a file that is watched. The two containers share only this volume.
 */
export class ReloadChannel implements ServerControl {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** nginx cannot check a candidate that is not in its file system. */
  async check(_candidate: string, isBeside: boolean): Promise<ControlResult> {
    const result = await this.#request("test");
    return result.kind === "ok" && !isBeside ? { kind: "unchecked" } : result;
  }

  async reload(): Promise<ControlResult> {
    return await this.#request("reload");
  }

  onReady(callback: () => void): () => void {
    return this.#onAnswer((answer) => {
      if (answer.token === "-" && answer.outcome === "ok") callback();
    });
  }

  async #request(verb: "test" | "reload"): Promise<ControlResult> {
    const token = randomBytes(8).toString("hex");
    const waiting = this.#awaitAnswer(token);
    try {
      await this.#write(`${verb} ${token}\n`);
    } catch {
      waiting.cancel();
      return { kind: "unavailable", message: SILENT };
    }
    const answer = await waiting.answer;
    if (!answer)
      return { kind: "unavailable", message: `nginx did not answer the ${verb} request within ${ANSWER_MS / 1_000} s` };
    return answer.outcome === "ok" ? { kind: "ok" } : { kind: "rejected", message: answer.message };
  }

  /** Fails at once if no process has the FIFO open. */
  async #write(request: string): Promise<void> {
    const fifo = await open(join(this.#directory, "word"), constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (!(await fifo.stat()).isFIFO()) throw new Error("not a FIFO");
      await fifo.write(request);
    } finally {
      await fifo.close();
    }
  }

  /** Resolves with undefined after the timeout, or when nginx restarted and lost the request. */
  #awaitAnswer(token: string): { answer: Promise<Answer | undefined>; cancel: () => void } {
    let finish: (answer: Answer | undefined) => void = () => undefined;
    const answer = new Promise<Answer | undefined>((resolve) => {
      finish = resolve;
    });
    const stop = this.#onAnswer((found) => {
      if (found.token === token || found.token === "-") finish(found.token === token ? found : undefined);
    });
    const timer = setTimeout(() => finish(undefined), ANSWER_MS);
    const settled = answer.finally(() => {
      clearTimeout(timer);
      stop();
    });
    return { answer: settled, cancel: () => finish(undefined) };
  }

  /** Calls back for each new answer. */
  #onAnswer(callback: (answer: Answer) => void): () => void {
    const file = join(this.#directory, "answer");
    let last = readNow(file);
    const watcher = watchDirectory(this.#directory, () => {
      const text = readNow(file);
      if (text === last) return;
      last = text;
      const answer = parseAnswer(text);
      if (answer) callback(answer);
    });
    return () => watcher?.close();
  }
}

/**
 * Reads a small file; empty if that fails. nginx's user can write to this directory, so a FIFO, a link or an endless file
 * must neither block nor exhaust memory.
 */
function readNow(file: string): string {
  try {
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const bytes = Buffer.alloc(ANSWER_BYTES);
      return fstatSync(opened).isFile() ? bytes.toString("utf8", 0, readSync(opened, bytes)) : "";
    } finally {
      closeSync(opened);
    }
  } catch {
    return "";
  }
}

function parseAnswer(text: string): Answer | undefined {
  const [first = "", ...rest] = text.split("\n");
  const [, token, outcome] = /^(-|[0-9a-f]{1,64}) (?:test|reload|ready) (ok|failed)$/.exec(first) ?? [];
  return token === undefined || outcome === undefined ? undefined : { token, outcome, message: rest.join("\n").trim() };
}

/** A missing directory means that the volume is not mounted; writing the request fails as well. */
function watchDirectory(directory: string, callback: () => void): { close: () => void } | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, callback);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
