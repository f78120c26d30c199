import type { HelperCall } from "../helper-call.ts";

/** Widest field and most decimals. */
const MAX_WIDTH = 1000;
const MAX_DECIMALS = 20;

/** `%`, flags, width, decimals, verb. */
const VERB = /%([-+0]{0,3})([0-9]{1,9})?(?:\.([0-9]{1,9}))?(.)?/gsu;

interface Field {
  readonly flags: string;
  readonly width: number;
  readonly decimals: number | undefined;
  readonly verb: string;
}

export function formatted(call: HelperCall): string {
  const format = call.text(0);
  const parts: string[] = [];
  let [from, next] = [0, 1];
  for (const found of format.matchAll(VERB)) {
    const [whole, flags = "", width = "0", decimals, verb = ""] = found;
    parts.push(format.slice(from, found.index));
    from = found.index + whole.length;
    const field = {
      flags,
      width: Number(width),
      decimals: decimals === undefined ? undefined : Number(decimals),
      verb,
    };
    if (whole === "%%") parts.push("%");
    else parts.push(padded(call, field, plain(call, field, next++)));
  }
  if (next !== call.rest(0).length)
    throw call.error(`FORMAT has ${next - 1} verbs, and there are ${call.rest(1).length} values`);
  return call.joined([...parts, format.slice(from)]);
}

function plain(call: HelperCall, { flags, decimals, verb }: Field, at: number): string {
  const number = (text: (value: number) => string): string => {
    const value = call.number(at);
    return `${flags.includes("+") && value >= 0 ? "+" : ""}${text(value)}`;
  };
  if ((decimals ?? 0) > MAX_DECIMALS) throw call.error(`more than ${MAX_DECIMALS} decimals`);
  switch (verb) {
    case "s":
    case "v":
      return call.text(at);
    case "q":
      return JSON.stringify(call.text(at));
    case "t":
      return `${call.boolean(at)}`;
    case "d":
      return number((value) => BigInt(Math.trunc(value)).toString());
    case "f":
      return number((value) => value.toFixed(decimals ?? 6));
    case "x":
      return hexadecimal(call, at);
    default:
      throw call.error("FORMAT has a verb other than %s %v %d %f %x %q %t and %%");
  }
}

/** The digits of a number, or the bytes of a text. */
function hexadecimal(call: HelperCall, at: number): string {
  const value = call.value(at);
  return typeof value === "string"
    ? Buffer.from(value).toString("hex")
    : BigInt(Math.trunc(call.number(at))).toString(16);
}

function padded(call: HelperCall, { flags, width, verb }: Field, text: string): string {
  if (width > MAX_WIDTH) throw call.error(`a width of more than ${MAX_WIDTH}`);
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0")) return text.padStart(width);
  if (!"dfx".includes(verb)) return text.padStart(width, "0");
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}
