import type { Worker } from "node:worker_threads";
import type { ContainerTemplateOptions, Rendering } from "./container-template.ts";
import type { Model } from "./model.ts";
import { type ThreadMessage, startRenderThread } from "./render-thread.ts";

/** Milliseconds for one rendering: a hundred times what ten thousand containers take. */
const RENDER_MS = 5_000;

/** Milliseconds for a thread to start and compile, also on a machine that is starting many programs. */
const START_MS = 30_000;

/** Renders in a separate thread, within bounds of time and memory. A thread that ended is started again when needed. */
export class BoundedRenderer {
  readonly #options: ContainerTemplateOptions;
  readonly #renderMs: number;
  #worker: Worker | undefined;
  #isClosed = false;
  #hints: readonly string[] = [];
  #onMessage: (message: ThreadMessage | string) => void = () => undefined;

  private constructor(options: ContainerTemplateOptions, renderMs: number) {
    this.#options = options;
    this.#renderMs = renderMs;
  }

  /** Starts the thread and compiles the templates. A problem is a message that begins with the place. */
  static async start(
    options: ContainerTemplateOptions,
    renderMs = RENDER_MS,
  ): Promise<BoundedRenderer | { readonly problem: string }> {
    const renderer = new BoundedRenderer(options, renderMs);
    const problem = await renderer.#startThread();
    return problem === undefined ? renderer : { problem };
  }

  /** Messages about values that some container may choose so that they cannot be printed. */
  get hints(): readonly string[] {
    return this.#hints;
  }

  /** Renders a list of containers. Callers must wait for the result before the next call. Never rejects. */
  async render(views: readonly Model[]): Promise<Rendering> {
    if (this.#isClosed) return { kind: "failed", message: "the renderer is closed" };
    const problem = this.#worker ? undefined : await this.#startThread();
    if (problem !== undefined) return { kind: "failed", message: problem };
    this.#worker?.postMessage(views);
    const message = await this.#nextMessage(this.#renderMs);
    return message.kind === "ready" || message.kind === "invalid"
      ? { kind: "failed", message: "unexpected message of the rendering thread" }
      : message;
  }

  /** Ends the thread for good. A pending rendering, and every later one, fails with "the renderer is closed". */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#endThread();
  }

  async #endThread(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#onMessage("the renderer is closed");
    await worker?.terminate();
  }

  async #startThread(): Promise<string | undefined> {
    const worker = startRenderThread(this.#options);
    const receive = (message: ThreadMessage | string): void => {
      if (this.#worker === worker) this.#onMessage(message);
    };
    worker.on("message", receive);
    worker.on("error", (error: NodeJS.ErrnoException) => receive(messageOf(error)));
    worker.on("exit", () => receive("the rendering thread ended"));
    this.#worker = worker;
    const message = await this.#nextMessage(START_MS);
    if (message.kind === "ready") {
      this.#hints = message.hints;
      return undefined;
    }
    await this.#endThread();
    return "problem" in message
      ? message.problem
      : "message" in message
        ? message.message
        : "unexpected message of the rendering thread";
  }

  /** Returns the next message of the thread. If it takes too long or ends, the thread is terminated. */
  async #nextMessage(limitMs: number): Promise<ThreadMessage> {
    let timer: NodeJS.Timeout | undefined;
    const message = await new Promise<ThreadMessage | string>((resolve) => {
      this.#onMessage = resolve;
      timer = setTimeout(() => resolve(`takes longer than ${limitMs} ms`), limitMs);
    });
    clearTimeout(timer);
    if (typeof message !== "string") return message;
    await this.#endThread();
    return { kind: "failed", message: `${this.#options.templates[0]?.file ?? ""}: ${message}` };
  }
}

function messageOf({ code, message }: NodeJS.ErrnoException): string {
  return code === "ERR_WORKER_OUT_OF_MEMORY" ? "needs more memory than a template may use" : message;
}
