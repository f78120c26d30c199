import { CustomLogFormat } from "../../config/nginx-settings.ts";
import { parseBoolean } from "../../routes/option-values.ts";
import { quoted } from "../docker-gen/note.ts";
import { LOG_ESCAPE } from "./variables.ts";

/** `accessLog` of a target, or what is wrong with the variables that say it. */
export type AccessLog = { readonly accessLog: unknown } | { readonly problem: string };

/** Pure: the log of requests as LOG_FORMAT, LOG_FORMAT_ESCAPE, LOG_JSON and DISABLE_ACCESS_LOGS want it. */
export function accessLogOf(env: Readonly<Record<string, string | undefined>>): AccessLog {
  const [isOff, isJson] = [flag(env, "DISABLE_ACCESS_LOGS"), flag(env, "LOG_JSON")];
  if (typeof isOff === "string") return { problem: isOff };
  if (typeof isJson === "string") return { problem: isJson };
  if (isOff) return { accessLog: "off" };
  const text = env["LOG_FORMAT"] ?? "";
  if (text === "") return { accessLog: { format: isJson ? "json" : "vhost" } };
  const fault = CustomLogFormat.shape.text.safeParse(text).error?.issues[0]?.message;
  if (fault !== undefined) return { problem: `LOG_FORMAT: ${fault}` };
  const escape = LOG_ESCAPE(env["LOG_FORMAT_ESCAPE"] || (isJson ? "json" : "default"));
  if (escape.kind === "invalid") return { problem: `LOG_FORMAT_ESCAPE: ${escape.reason}` };
  return { accessLog: { format: { text, escape: escape.value } } };
}

function flag(env: Readonly<Record<string, string | undefined>>, name: string): boolean | string {
  const raw = env[name] ?? "";
  if (raw === "") return false;
  const parsed = parseBoolean(raw);
  return parsed.kind === "ok" ? parsed.value : `${name}: ${quoted(raw)} is ${parsed.reason}`;
}
