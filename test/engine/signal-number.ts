import { constants } from "node:os";

/** Parses a signal as Docker does: `SIGTERM`, `TERM`, `15` or 15. Throws on anything else. */
export function signalNumber(signal: string | number): number {
  const text = String(signal).toUpperCase();
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  const realtime = /^(?:SIG)?RTMIN\+([0-9]{1,2})$/.exec(text);
  if (realtime) return 34 + Number(realtime[1]);
  const numbers: Readonly<Record<string, number>> = constants.signals;
  const known = numbers[text.startsWith("SIG") ? text : `SIG${text}`];
  if (known === undefined) throw new Error(`invalid signal: ${signal}`);
  return known;
}
