import type { Worker } from "node:worker_threads";
import type { ContainerTemplateOptions, Rendering } from "./container-template.ts";
import type { Model } from "./model.ts";
import { type Said, startRenderThread } from "./render-thread.ts";

/** Milliseconds for one rendering: a hundred times what ten thousand containers take. */
const RENDER_MS = 5_000;

/** Milliseconds for a thread to come up and compile; a machine that is just starting everything is slow. */
const START_MS = 30_000;

/** Renders in a thread of its own, within bounds of time and memory. A thread that ends is started anew when needed. */
export class BoundedRenderer {
  readonly #options: ContainerTemplateOptions;
  readonly #renderMs: number;
  #worker: Worker | undefined;
  #isClosed = false;
  #onAnswer: (said: Said | string) => void = () => undefined;

  private constructor(options: ContainerTemplateOptions, renderMs: number) {
    this.#options = options;
    this.#renderMs = renderMs;
  }

  /** Compiles the templates; a problem is a sentence with the place. */
  static async start(
    options: ContainerTemplateOptions,
    renderMs = RENDER_MS,
  ): Promise<BoundedRenderer | { readonly problem: string }> {
    const renderer = new BoundedRenderer(options, renderMs);
    const problem = await renderer.#startThread();
    return problem === undefined ? renderer : { problem };
  }

  /** One at a time: whoever asks waits for the answer before asking again. Never rejects. */
  async render(views: readonly Model[]): Promise<Rendering> {
    if (this.#isClosed) return { kind: "failed", message: "was ended" };
    const problem = this.#worker ? undefined : await this.#startThread();
    if (problem !== undefined) return { kind: "failed", message: problem };
    this.#worker?.postMessage(views);
    const said = await this.#answer(this.#renderMs);
    return said.kind === "ready" || said.kind === "refused"
      ? { kind: "failed", message: "answered out of turn" }
      : said;
  }

  /** Ends it for good: whoever waits, or asks later, is told that it was ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#endThread();
  }

  async #endThread(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#onAnswer("was ended");
    await worker?.terminate();
  }

  async #startThread(): Promise<string | undefined> {
    const worker = startRenderThread(this.#options);
    const tell = (said: Said | string): void => {
      if (this.#worker === worker) this.#onAnswer(said);
    };
    worker.on("message", tell);
    worker.on("error", (error: NodeJS.ErrnoException) => tell(wordsFor(error)));
    worker.on("exit", () => tell("the thread that renders ended"));
    this.#worker = worker;
    const said = await this.#answer(START_MS);
    if (said.kind === "ready") return undefined;
    await this.#endThread();
    return "problem" in said ? said.problem : "message" in said ? said.message : "answered out of turn";
  }

  /** What the thread says next; an end of any kind is an answer too, and the thread is gone then. */
  async #answer(limitMs: number): Promise<Said> {
    let timer: NodeJS.Timeout | undefined;
    const said = await new Promise<Said | string>((resolve) => {
      this.#onAnswer = resolve;
      timer = setTimeout(() => resolve(`takes longer than ${limitMs} ms`), limitMs);
    });
    clearTimeout(timer);
    if (typeof said !== "string") return said;
    await this.#endThread();
    return { kind: "failed", message: `${this.#options.templates[0]?.file ?? ""}: ${said}` };
  }
}

function wordsFor({ code, message }: NodeJS.ErrnoException): string {
  return code === "ERR_WORKER_OUT_OF_MEMORY" ? "needs more memory than a template may" : message;
}
