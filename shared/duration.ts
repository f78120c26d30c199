const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Parses a duration in Go's notation, such as `100ms`, `1m30s` or `1.5h`, into whole milliseconds. Returns
 * undefined for anything else.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:[nuµμm]?s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.replaceAll(/[µμ]/g, "u").matchAll(/([0-9.]+)([a-z]+)/g)];
  return Math.round(parts.reduce((sum, [, size, unit = ""]) => sum + Number(size) * UNITS_MS[unit]!, 0));
}
