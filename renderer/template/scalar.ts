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
