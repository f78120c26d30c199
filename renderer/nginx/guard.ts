/** Why a file or option that restricts access cannot be applied, and what to do. */
export interface Fault {
  /** The file, the setting or the container. */
  readonly where: string;
  readonly problem: string;
  /** Missing where the problem includes it. */
  readonly hint?: string;
}

/**
 * A file that restricts access. Only a file that was never there is absent. One that is there and cannot be read, parsed or
 * applied, or that was there before, is unusable, and closes what it protects.
 */
export type Guard<T> =
  | { readonly kind: "absent" }
  | { readonly kind: "applied"; readonly value: T }
  | { readonly kind: "unusable"; readonly fault: Fault };

export const ABSENT = { kind: "absent" } as const;

export function applied<T>(value: T): Guard<T> {
  return { kind: "applied", value };
}

export function unusable(where: string, problem: string, hint: string): Guard<never> {
  return { kind: "unusable", fault: { where, problem, hint } };
}

/** Returns `<where>: <what is wrong>; <what to do>`. */
export function faultText({ where, problem, hint }: Fault): string {
  return `${where}: ${problem}${hint === undefined ? "" : `; ${hint}`}`;
}

export function faultsOf(guards: readonly Guard<unknown>[]): Fault[] {
  return guards.flatMap((guard) => (guard.kind === "unusable" ? [guard.fault] : []));
}
