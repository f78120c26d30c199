/** The result of a bisection. */
export type Bisected<Unit> =
  | {
      readonly kind: "bisected";
      readonly kept: readonly Unit[];
      /** Each fails together with the kept units. */
      readonly failing: readonly { readonly unit: Unit; readonly error: string }[];
      /** Some of these fail; the limit was reached before all were tried. */
      readonly untried: readonly Unit[];
    }
  /** It fails even without any unit. */
  | { readonly kind: "hopeless"; readonly error: string };

/** Tries some units together. Returns why they fail, or undefined. */
export type Attempt<Unit> = (units: readonly Unit[]) => Promise<string | undefined>;

/**
 * Finds the units that fail. Trusted units are tried first, because they were live before: one failing unit among a
 * thousand costs about ten attempts. Never makes more than `maxAttempts`. An exception of `attempt` ends the bisection.
 */
export async function bisect<Unit>(
  { trusted, suspects }: { readonly trusted: readonly Unit[]; readonly suspects: readonly Unit[] },
  attempt: Attempt<Unit>,
  maxAttempts: number,
): Promise<Bisected<Unit>> {
  const kept: Unit[] = [];
  const failing: { unit: Unit; error: string }[] = [];
  const untried: Unit[] = [];
  let left = maxAttempts;
  const tryWith = async (group: readonly Unit[]): Promise<string | undefined> => {
    left -= 1;
    return await attempt([...kept, ...group]);
  };

  /** Keeps the units of a failing group that do not fail. */
  const split = async (group: readonly Unit[], error: string): Promise<void> => {
    const [unit] = group;
    if (unit !== undefined && group.length === 1) return void failing.push({ unit, error });
    const middle = Math.ceil(group.length / 2);
    for (const half of [group.slice(0, middle), group.slice(middle)]) await keep(half);
  };

  const keep = async (group: readonly Unit[]): Promise<void> => {
    if (group.length === 0) return;
    if (left <= 0) return void untried.push(...group);
    const error = await tryWith(group);
    if (error === undefined) kept.push(...group);
    else await split(group, error);
  };

  const errorOfTrusted = await tryWith(trusted);
  if (errorOfTrusted === undefined) {
    kept.push(...trusted);
    // The suspects are tried together first: the failure may have been a shortage of time or memory.
  } else {
    const errorOfNone = trusted.length === 0 ? errorOfTrusted : await tryWith([]);
    if (errorOfNone !== undefined) return { kind: "hopeless", error: errorOfNone };
    if (trusted.length > 0) await split(trusted, errorOfTrusted);
  }
  await keep(suspects);
  return { kind: "bisected", kept, failing, untried };
}
