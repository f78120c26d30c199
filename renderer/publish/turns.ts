/** The last publication of each reload method. */
const last = new Map<string, Promise<unknown>>();

/** The method of files that no server has to load. */
const NO_RELOAD = JSON.stringify("none");

/**
 * Runs a publication when those before it with one of its reload methods have ended: a server that rejects the files of one
 * target must not make the files of another fail.
 */
export async function inTurn<T>(methods: readonly string[], publication: () => Promise<T>): Promise<T> {
  const shared = methods.filter((method) => method !== NO_RELOAD);
  const earlier = shared.flatMap((method) => last.get(method) ?? []);
  const own = (async () => {
    await Promise.allSettled(earlier);
    return await publication();
  })();
  for (const method of shared) last.set(method, own);
  return await own;
}
