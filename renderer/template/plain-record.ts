/** Named values without a prototype, as templates see them. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/** Names with a meaning in JavaScript. They are never read and never created. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether a record never has a field of this name. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** Whether a value is a record, not a list. */
export function isRecord(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Creates an empty record. Handlebars compares values with `!=`, which converts a record to a primitive. */
export function emptyRecord(): Record<string, unknown> {
  const record = Object.create(null) as Record<string, unknown>;
  return Object.defineProperty(record, Symbol.toPrimitive, { value: () => "a record" });
}

/** Creates a record. The last of several entries with the same name counts; reserved names are dropped. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  const record = emptyRecord() as Record<string, T>;
  for (const [name, value] of entries) if (!RESERVED.has(name)) record[name] = value;
  return record;
}

/** Whether the record has its own field of that name, whatever its value. */
export function hasField(record: PlainRecord, name: string): boolean {
  return !RESERVED.has(name) && Object.hasOwn(record, name);
}

/** Returns the record's own field of that name, or undefined. */
export function fieldOf(record: PlainRecord, name: string): unknown {
  return hasField(record, name) ? record[name] : undefined;
}

/** Returns the names of the record without reserved ones, by code points. */
export function namesOf(record: PlainRecord): string[] {
  return Object.keys(record)
    .filter((name) => !RESERVED.has(name))
    .toSorted(compareTexts);
}

/** Compares texts by code points, which is the order of their bytes in UTF-8, whatever the language. */
export function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  if (at === length) return left.length - right.length;
  return rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
}

/** Surrogates encode the highest code points, although some other units are higher. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
