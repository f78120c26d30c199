/** What can be published, and what is to be left out for that. */
export interface Sifted<Unit> {
  readonly kind: "sifted";
  readonly kept: readonly Unit[];
  /** Each fails with what is kept, by itself. */
  readonly culprits: readonly { readonly unit: Unit; readonly why: string }[];
  /** Some of these fail; it was not found out which. */
  readonly untried: readonly Unit[];
}

/** Leaving everything out would not help. */
export interface Hopeless {
  readonly kind: "hopeless";
  readonly why: string;
}

/** Says why these units together cannot be published; undefined when they can. */
export type Attempt<Unit> = (units: readonly Unit[]) => Promise<string | undefined>;

/**
 * Finds which units are to be left out when all together fail. Those that are trusted go first, for they have been
 * published before: one new culprit among a thousand units costs about ten attempts. Never makes more than `maxAttempts`.
 */
export async function sift<Unit>(
  { trusted, suspects }: { readonly trusted: readonly Unit[]; readonly suspects: readonly Unit[] },
  attempt: Attempt<Unit>,
  maxAttempts: number,
): Promise<Sifted<Unit> | Hopeless> {
  const kept: Unit[] = [];
  const culprits: { unit: Unit; why: string }[] = [];
  const untried: Unit[] = [];
  let left = maxAttempts;
  const tryWith = async (group: readonly Unit[]): Promise<string | undefined> => {
    left -= 1;
    return await attempt([...kept, ...group]);
  };

  /** Keeps what can be kept of a group that fails with what is kept. */
  const split = async (group: readonly Unit[], reason: string): Promise<void> => {
    const [unit] = group;
    if (unit !== undefined && group.length === 1) return void culprits.push({ unit, why: reason });
    const middle = Math.ceil(group.length / 2);
    for (const half of [group.slice(0, middle), group.slice(middle)]) await keep(half);
  };

  const keep = async (group: readonly Unit[]): Promise<void> => {
    if (group.length === 0) return;
    if (left <= 0) return void untried.push(...group);
    const reason = await tryWith(group);
    if (reason === undefined) kept.push(...group);
    else await split(group, reason);
  };

  const ofTrusted = await tryWith(trusted);
  if (ofTrusted === undefined) {
    kept.push(...trusted);
    // All together once more: what failed may have been short of time or memory, and nobody's fault.
  } else {
    const ofNothing = trusted.length === 0 ? ofTrusted : await tryWith([]);
    if (ofNothing !== undefined) return { kind: "hopeless", why: ofNothing };
    if (trusted.length > 0) await split(trusted, ofTrusted);
  }
  await keep(suspects);
  return { kind: "sifted", kept, culprits, untried };
}
