/** Orders strings by code unit and numbers by value, for `toSorted`. */
export function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
