import { fieldOf, hasField, isRecord } from "./plain-record.ts";

/** Longest path, in characters: a field and the longest key of a label, several times over. */
export const MAX_PATH_LENGTH = 1024;

/**
 * The value at a dotted path through records and lists, or undefined: `labels.com.example.role`, `ports.0.port`. A dot
 * before it is ignored; the empty path is the value itself. Names may have dots: of the names of a record the longest
 * that fits counts, and when it leads nowhere the next shorter one. Only what a record itself has is seen.
 */
export function atPath(value: unknown, path: string): unknown {
  const rest = path.startsWith(".") ? path.slice(1) : path;
  return rest === "" ? value : found(value, rest, new Map())?.value;
}

/** Values that were come to, with the lengths of what was left of the path there, and that lead nowhere. */
type DeadEnds = Map<unknown, Set<number>>;

function found(value: unknown, path: string, deadEnds: DeadEnds): { readonly value: unknown } | undefined {
  // The same record may stand at several places: without this the work would double with each of them.
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
