import type Handlebars from "handlebars";

/** Milliseconds that a page may take, and each host of it more: a hundred times what ours takes. */
const PAGE_MS = 2_000;
const HOST_MS = 2;

/** Longest text of one loop, in characters: ten thousand hosts take three million. */
const MAX_LOOP_CHARS = 16 * 1024 * 1024;

/** A template took more than it may. */
export class BoundsError extends Error {}

/** Keeps a template that prints inside the renderer's own thread from holding it up: its loops are counted and timed. */
export class PrintBounds {
  #end = 0;
  #allowedMs = 0;

  constructor(engine: typeof Handlebars) {
    const builtin = engine.helpers["each"]!;
    const spend = (text: string, sum: number): number => this.#spend(text, sum);
    engine.registerHelper("each", function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
      let sum = 0;
      const fn = (item: unknown, more: Handlebars.RuntimeOptions): string => {
        const text = options.fn(item, more);
        sum = spend(text, sum);
        return text;
      };
      return builtin.call(this, value, { ...options, fn }) as string;
    });
  }

  /** From now on a page of so many hosts is printed. */
  begin(hosts: number): void {
    this.#allowedMs = PAGE_MS + hosts * HOST_MS;
    this.#end = performance.now() + this.#allowedMs;
  }

  #spend(text: string, sum: number): number {
    if (performance.now() > this.#end) throw new BoundsError(`takes longer than ${this.#allowedMs} ms`);
    if (sum + text.length > MAX_LOOP_CHARS) throw new BoundsError(`makes more than ${MAX_LOOP_CHARS} characters`);
    return sum + text.length;
  }
}
