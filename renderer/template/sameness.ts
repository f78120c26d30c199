import { printed } from "./scalar.ts";
import { isRecord, namesOf } from "./plain-record.ts";

/** What two values share exactly when helpers take them for the same: 80 and "80" are, missing and null are. */
export function keyOf(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (Array.isArray(value)) return `[${value.map(keyOf).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(printed(value));
  return `{${namesOf(value)
    .map((name) => `${JSON.stringify(name)}:${keyOf(value[name])}`)
    .join(",")}}`;
}

/** Whether both print the same, part by part. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left === "string" && typeof right === "string") return false;
  return keyOf(left) === keyOf(right);
}

/** Nothing to speak of: missing, false, 0, "", a list or record without entries. */
export function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) ? namesOf(value).length === 0 : !value;
}
