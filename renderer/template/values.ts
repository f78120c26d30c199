import { isRecord, namesOf } from "./plain-record.ts";

/** Returns a key that two values share if helpers treat them as equal: 80 and "80", missing and null. */
export function keyOf(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (Array.isArray(value)) return `[${value.map(keyOf).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(printed(value));
  return `{${namesOf(value)
    .map((name) => `${JSON.stringify(name)}:${keyOf(value[name])}`)
    .join(",")}}`;
}

/** Whether two values print the same, part by part. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left === "string" && typeof right === "string") return false;
  return keyOf(left) === keyOf(right);
}

/** Whether a value is missing, false, 0, "", or a list or record without entries. */
export function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) ? namesOf(value).length === 0 : !value;
}

/** Returns a scalar as a template prints it. */
export function printed(value: unknown): string {
  return Object.is(value, -0) ? "0" : String(value);
}

/** Returns a finite number, or the number of a decimal text; undefined for every other value. */
export function numberOf(value: unknown): number | undefined {
  const isDecimal = typeof value === "string" && /^[+-]?[0-9]{1,32}(?:\.[0-9]{1,32})?$/.test(value);
  const number = isDecimal ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
