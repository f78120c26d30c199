import { fieldOf, hasField, isRecord } from "./plain-record.ts";

/** Longest path, in characters: several times the longest key of a label. */
export const MAX_PATH_LENGTH = 1024;

/**
 * Returns the value at a dotted path through records and lists, or undefined: `labels.com.example.role`, `ports.0.port`.
 * A leading dot is ignored; the empty path is the value itself. Names may contain dots: the longest name of a record
 * that leads to a value counts. Only own fields of a record are found.
 */
export function atPath(value: unknown, path: string): unknown {
  const rest = path.startsWith(".") ? path.slice(1) : path;
  return rest === "" ? value : found(value, rest, new Map())?.value;
}

/** Visited values that lead nowhere, with the lengths of the remaining paths. */
type DeadEnds = Map<unknown, Set<number>>;

function found(value: unknown, path: string, deadEnds: DeadEnds): { readonly value: unknown } | undefined {
  // Without this the work would double with each level of a record that is reachable by several names.
  if (deadEnds.get(value)?.has(path.length)) return undefined;
  for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
    const step = stepInto(value, path.slice(0, end));
    if (step === undefined) continue;
    const there = end === path.length ? step : found(step.value, path.slice(end + 1), deadEnds);
    if (there !== undefined) return there;
  }
  deadEnds.set(value, (deadEnds.get(value) ?? new Set()).add(path.length));
  return undefined;
}

function stepInto(value: unknown, name: string): { readonly value: unknown } | undefined {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return /^(?:0|[1-9][0-9]{0,8})$/.test(name) && Number(name) < items.length
      ? { value: items[Number(name)] }
      : undefined;
  }
  return isRecord(value) && hasField(value, name) ? { value: fieldOf(value, name) } : undefined;
}
