import { posix } from "node:path";
import type { HelperCall, Helpers } from "../helper-call.ts";
import { formatted } from "./printf.ts";

/** Texts. A number or boolean counts as it is printed, a missing value as "". */
export const strings: Helpers = {
  "toLower TEXT": (call) => call.text(0).toLowerCase(),
  "toUpper TEXT": (call) => call.text(0).toUpperCase(),
  "trim TEXT": (call) => call.text(0).trim(),
  "trimPrefix PREFIX TEXT": (call) =>
    call.text(1).startsWith(call.text(0)) ? call.text(1).slice(call.text(0).length) : call.text(1),
  "trimSuffix SUFFIX TEXT": (call) => {
    const [suffix, text] = [call.text(0), call.text(1)];
    return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
  },
  "hasPrefix PREFIX TEXT": (call) => call.text(1).startsWith(call.text(0)),
  "hasSuffix SUFFIX TEXT": (call) => call.text(1).endsWith(call.text(0)),
  "repeat COUNT TEXT": (call) => {
    const [count, text] = [call.integer(0, { min: 0, max: 1_000_000 }), call.text(1)];
    call.checkLength(count * text.length);
    return text.repeat(count);
  },
  "replace TEXT OLD NEW [COUNT]": replaced,
  "split TEXT SEPARATOR": (call) => call.split(call.text(0), call.text(1)),
  "splitN TEXT SEPARATOR COUNT": (call) => {
    const [separator, count] = [call.text(1), call.limit(2)];
    const parts = call.split(call.text(0), separator);
    return parts.length <= count
      ? parts
      : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)].slice(0, count);
  },
  "join SEPARATOR LIST": (call) => {
    const texts = call.textList(1).filter((_, at) => (call.list(1)[at] ?? undefined) !== undefined);
    return call.joined(texts, call.text(0));
  },
  "closest LIST TEXT": (call) => {
    const text = call.text(1);
    const contained = call.textList(0).filter((part) => text.includes(part));
    return contained.reduce((best, part) => (part.length > best.length ? part : best), "");
  },
  "printf FORMAT [VALUE...]": formatted,
  "comment PREFIX TEXT": (call) => prefixed(call, call.text(0), call.text(1)),
  "dir PATH": (call) => {
    const normal = posix.normalize(call.text(0).slice(0, call.text(0).lastIndexOf("/") + 1));
    return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
  },
};

function replaced(call: HelperCall): string {
  const [text, old, replacement, count] = [call.text(0), call.text(1), call.text(2), call.limit(3)];
  if (old === "") return text;
  const parts = text.split(old);
  const rest = count + 1 < parts.length ? [parts.slice(count).join(old)] : [];
  return call.joined(rest.length > 0 ? [...parts.slice(0, count), ...rest] : parts, replacement);
}

function prefixed(call: HelperCall, prefix: string, text: string): string {
  return call.joined([prefix, call.joined(text.split("\n"), `\n${prefix}`)]);
}
