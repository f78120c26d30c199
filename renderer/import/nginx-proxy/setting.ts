import { type Parsed } from "../../routes/grammar.ts";
import { parseBoolean } from "../../routes/option-values.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingValue = string | number | boolean | readonly string[];

/** How a variable of nginx-proxy is imported. */
export type Setting =
  /** As a value at keys of the target: `https.listen` is ["https", "listen"]. */
  | {
      readonly kind: "value";
      readonly paths: readonly (readonly string[])[];
      readonly parse: (raw: string) => Parsed<SettingValue>;
    }
  /** Not at all, with a note on why. */
  | { readonly kind: "note"; readonly note: (raw: string) => Note | undefined };

/** The value of one key, or of several. */
export function at(path: string, parse: (raw: string) => Parsed<SettingValue>, ...more: readonly string[]): Setting {
  return { kind: "value", paths: [path, ...more].map((one) => one.split(".")), parse };
}

/** The variable has no effect, because Sallyport does not need it. */
export function unneeded(reason: string): Setting {
  return { kind: "note", note: () => differs(reason) };
}

export function unsupported(reason: string): Setting {
  return { kind: "note", note: (raw) => skipped(`${quoted(raw)}: ${reason}`) };
}

/** Another part of the import, or the start script, reads the variable. */
export const READ_ELSEWHERE: Setting = { kind: "note", note: () => undefined };

/** Parses a variable that is true or false. An empty one is false. */
export function parseFlag(env: Environment, name: string): boolean | { readonly problem: string } {
  const raw = env[name] ?? "";
  if (raw === "") return false;
  const parsed = parseBoolean(raw);
  return parsed.kind === "ok" ? parsed.value : { problem: invalid(name, raw, parsed.reason) };
}

export function invalid(name: string, raw: string, reason: string): string {
  return `${name}: invalid value ${quoted(raw)}: ${reason}`;
}
