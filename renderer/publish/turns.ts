/** The method of files that no server has to load. */
const NO_RELOAD = JSON.stringify("none");

/**
 * The publications of one run. Those with a common reload method run one after the other: a server that rejects the files of
 * one target must not make the files of another fail.
 */
export class Turns {
  /** The last publication of each reload method. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs a publication when those before it with one of its reload methods have ended. */
  async take<T>(methods: readonly string[], publication: () => Promise<T>): Promise<T> {
    const shared = methods.filter((method) => method !== NO_RELOAD);
    const earlier = shared.flatMap((method) => this.#last.get(method) ?? []);
    const own = (async () => {
      await Promise.allSettled(earlier);
      return await publication();
    })();
    for (const method of shared) this.#last.set(method, own);
    return await own;
  }
}
