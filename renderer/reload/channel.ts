import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, watch } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ServerControl, ControlResult } from "../publish/server-control.ts";

/** Milliseconds for one word's answer; the other end gives nginx ten seconds. */
const ANSWER_MS = 30_000;

/** Most of an answer that is read; the other end writes four thousand characters of nginx's message. */
const ANSWER_BYTES = 16 * 1024;

const SILENT = "nobody listens at the reload channel: is nginx running, with the channel's script and volume mounted?";

/** The channel's answer file, taken apart. */
interface Answer {
  readonly token: string;
  readonly outcome: string;
  readonly message: string;
}

/**
 * Talks to the shell loop in the nginx container (renderer/nginx/90-sallyport-reload.sh): a word into
 * a FIFO, the answer in a file that is watched, not polled. Nothing but the volume is shared.
 */
export class ReloadChannel implements ServerControl {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A candidate that nginx does not see was not looked at, whatever it says. */
  async check(_candidate: string, isBeside: boolean): Promise<ControlResult> {
    const verdict = await this.#say("test");
    return verdict.kind === "ok" && !isBeside ? { kind: "unchecked" } : verdict;
  }

  async reload(): Promise<ControlResult> {
    return await this.#say("reload");
  }

  onReady(callback: () => void): () => void {
    return this.#onAnswer((answer) => {
      if (answer.token === "-" && answer.outcome === "ok") callback();
    });
  }

  async #say(verb: "test" | "reload"): Promise<ControlResult> {
    const token = randomBytes(8).toString("hex");
    const waiting = this.#awaitAnswer(token);
    try {
      await this.#write(`${verb} ${token}\n`);
    } catch {
      waiting.cancel();
      return { kind: "unavailable", message: SILENT };
    }
    const answer = await waiting.answer;
    if (!answer) return { kind: "unavailable", message: `nginx did not answer to ${verb}` };
    return answer.outcome === "ok" ? { kind: "ok" } : { kind: "rejected", message: answer.message };
  }

  /** Fails at once when nobody has the FIFO open. */
  async #write(word: string): Promise<void> {
    const fifo = await open(join(this.#directory, "word"), constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (!(await fifo.stat()).isFIFO()) throw new Error("not a FIFO");
      await fifo.write(word);
    } finally {
      await fifo.close();
    }
  }

  /** Resolves with undefined when time is up, or when nginx began anew and has forgotten the word. */
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

  /** Calls back for each answer that comes from now on. */
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
 * The text of a file of a few kilobytes, or nothing. The directory is nginx's: whoever is nginx may lay a FIFO, a link
 * or an endless file there, which must neither be waited for nor filled into memory.
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

/** A directory that is missing is a volume that is not mounted: the word cannot be written either. */
function watchDirectory(directory: string, callback: () => void): { close: () => void } | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, callback);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
