/** Named values without a prototype, as templates see them. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/** Names with a meaning for JavaScript: never read, never made. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether no record can have a field of this name. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** Whether it is named values, and no list. */
export function isRecord(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Creates an empty record. Handlebars compares values with `!=`, which converts a record to a primitive. */
export function emptyRecord(): Record<string, unknown> {
  const record = Object.create(null) as Record<string, unknown>;
  return Object.defineProperty(record, Symbol.toPrimitive, { value: () => "a record" });
}

/** A new record. Of entries with the same name the last counts; those with a reserved name are left out. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  const record = emptyRecord() as Record<string, T>;
  for (const [name, value] of entries) if (!RESERVED.has(name)) record[name] = value;
  return record;
}

/** Whether the record itself has the name, whatever its value. */
export function hasField(record: PlainRecord, name: string): boolean {
  return !RESERVED.has(name) && Object.hasOwn(record, name);
}

/** The record's own value of that name; undefined when there is none. */
export function fieldOf(record: PlainRecord, name: string): unknown {
  return hasField(record, name) ? record[name] : undefined;
}

/** Names of the record, reserved ones left out, in the order of code points. */
export function namesOf(record: PlainRecord): string[] {
  return Object.keys(record)
    .filter((name) => !RESERVED.has(name))
    .toSorted(compareTexts);
}

/** Order of texts by code points, which is that of their bytes in UTF-8: the same everywhere, whatever the language. */
export function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  if (at === length) return left.length - right.length;
  return rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
}

/** Halves of surrogate pairs stand for the highest code points, although some units are higher. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
