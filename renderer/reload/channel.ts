import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, watch } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ControlResult, ServerControl, ServerState } from "../publish/server-control.ts";

/** Milliseconds to wait for an answer. The script gives nginx ten seconds. */
const ANSWER_MS = 30_000;

/** Bytes of an answer that are read. The script writes at most 4,000 characters of nginx's message. */
const ANSWER_BYTES = 16 * 1024;

const SILENT = "no process listens at the reload channel; start nginx with the channel's script and volume mounted";

/** A request. `test-stream` tests candidates for the main context; `test` tests all others. */
type Verb = "test" | "test-stream" | "reload";

/** The parsed content of the channel's answer file. */
interface Answer {
  readonly token: string;
  readonly outcome: string;
  readonly message: string;
}

/** The parsed content of the channel's ready file. */
interface Ready {
  /** Differs after each start of nginx's container. */
  readonly start: string;
  /** Whether nginx cannot start, because it rejects the live configuration. */
  readonly isBlocked: boolean;
  /** The id of nginx's container, or its first 12 digits. */
  readonly container: string | undefined;
  readonly version: string | undefined;
}

/**
 * Sends requests to the shell loop in the nginx container (renderer/nginx/90-sallyport-reload.sh) through a FIFO. The
 * answer arrives in a file that is watched. The two containers share only this volume.
 */
export class ReloadChannel implements ServerControl {
  /** The last request of each channel: targets may share one, and its answer file contains one answer. */
  static readonly #last = new Map<string, Promise<unknown>>();
  readonly #directory: string;
  readonly #answerMs: number;

  constructor(directory: string, answerMs: number = ANSWER_MS) {
    this.#directory = directory;
    this.#answerMs = answerMs;
  }

  /** nginx cannot check a candidate that is not in its file system. */
  async check(candidate: string, isBelowLive: boolean): Promise<ControlResult> {
    const result = await this.#request(candidate.endsWith(".stream") ? "test-stream" : "test");
    return result.kind === "ok" && !isBelowLive ? { kind: "unchecked" } : result;
  }

  async reload(): Promise<ControlResult> {
    return await this.#request("reload");
  }

  onReady(callback: (state: ServerState) => void): () => void {
    let last: string | undefined;
    const look = (): void => {
      const text = readNow(join(this.#directory, "ready"));
      const ready = text === last ? undefined : parseReady(text);
      const isFirst = last === undefined;
      last = text;
      if (ready?.isBlocked === true) callback("blocked");
      else if (ready && !isFirst) callback("ready");
    };
    const watcher = watchDirectory(this.#directory, look);
    look();
    return () => watcher?.close();
  }

  /** Returns the id of nginx's container, or its first 12 digits, as nginx's end of the channel reports it. */
  get container(): string | undefined {
    return this.#ready?.container;
  }

  get version(): string | undefined {
    return this.#ready?.version;
  }

  get #ready(): Ready | undefined {
    return parseReady(readNow(join(this.#directory, "ready")));
  }

  async #request(verb: Verb): Promise<ControlResult> {
    const previous = ReloadChannel.#last.get(this.#directory);
    const request = (async () => {
      await previous;
      return await this.#send(verb);
    })();
    ReloadChannel.#last.set(this.#directory, request);
    return await request;
  }

  /** Never throws. */
  async #send(verb: Verb): Promise<ControlResult> {
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
      return {
        kind: "unavailable",
        message: `nginx did not answer the ${verb} request within ${this.#answerMs / 1_000} s; see the log of its container`,
      };
    if (answer.outcome === "absent") return { kind: "unavailable", message: answer.message };
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

  /** Resolves with undefined after the timeout, or when nginx's container restarted and lost the request. */
  #awaitAnswer(token: string): { answer: Promise<Answer | undefined>; cancel: () => void } {
    let finish: (answer: Answer | undefined) => void = () => undefined;
    const answer = new Promise<Answer | undefined>((resolve) => {
      finish = resolve;
    });
    const start = this.#ready?.start;
    const find = (): Answer | undefined => {
      const found = parseAnswer(readNow(join(this.#directory, "answer")));
      return found?.token === token ? found : undefined;
    };
    const isLost = (): boolean => start !== undefined && ![undefined, start].includes(this.#ready?.start);
    const watcher = watchDirectory(this.#directory, () => {
      const found = find();
      if (found || isLost()) finish(found);
    });
    // Reads the answer again: the file system may deliver no events.
    const timer = setTimeout(() => finish(find()), this.#answerMs);
    const settled = answer.finally(() => {
      clearTimeout(timer);
      watcher?.close();
    });
    return { answer: settled, cancel: () => finish(undefined) };
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
  const [, token, outcome] = /^([0-9a-f]{1,64}) (?:test|test-stream|reload) (ok|failed|absent)$/.exec(first) ?? [];
  return token === undefined || outcome === undefined ? undefined : { token, outcome, message: rest.join("\n").trim() };
}

function parseReady(text: string): Ready | undefined {
  const [, start, state, container, version] =
    /^([0-9a-f-]{36}) (starting|ok|failed) (-|[0-9a-f]{12}|[0-9a-f]{64}) (-|1\.[0-9]{1,3}\.[0-9]{1,3})\n/.exec(text) ??
    [];
  if (start === undefined) return undefined;
  const known = (value: string | undefined): string | undefined => (value === "-" ? undefined : value);
  return { start, isBlocked: state === "failed", container: known(container), version: known(version) };
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
