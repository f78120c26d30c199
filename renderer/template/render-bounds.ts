/** Milliseconds for a page, and for each host of it: a hundred times what Sallyport's template takes. */
const PAGE_MS = 2_000;
const HOST_MS = 2;

/** Longest text of a loop or a page, in characters: ten thousand hosts take three million. */
const MAX_CHARS = 16 * 1024 * 1024;

/** A template exceeded a bound. */
export class BoundsError extends Error {}

/** Bounds of a template that runs in the renderer's own thread: its loops are counted and timed. */
export class RenderBounds {
  #allowedMs = 0;
  #deadline: number | undefined;

  /** Starts a page of so many hosts. Time runs from its first loop, because the template is compiled before it. */
  begin(hosts: number): void {
    this.#allowedMs = PAGE_MS + hosts * HOST_MS;
    this.#deadline = undefined;
  }

  /** Returns a function that takes the text of each turn of one loop, and returns it. Throws BoundsError. */
  loop(): (text: string) => string {
    let chars = 0;
    return (text) => {
      this.#deadline ??= performance.now() + this.#allowedMs;
      if (performance.now() > this.#deadline) throw new BoundsError(`takes longer than ${this.#allowedMs} ms`);
      chars += text.length;
      this.checkLength(chars);
      return text;
    };
  }

  checkLength(chars: number): void {
    if (chars > MAX_CHARS) throw new BoundsError(`renders more than ${MAX_CHARS} characters`);
  }
}
