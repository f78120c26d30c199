/** A text, number or truth as a template prints it. */
export function printed(value: unknown): string {
  return Object.is(value, -0) ? "0" : String(value);
}

/** The number, or that of a text which is a decimal number and nothing else; undefined for all else. */
export function numberOf(value: unknown): number | undefined {
  const isDecimal = typeof value === "string" && /^[+-]?[0-9]{1,32}(?:\.[0-9]{1,32})?$/.test(value);
  const number = isDecimal ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
