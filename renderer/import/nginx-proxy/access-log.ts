import { CustomLogFormat } from "../../config/nginx-settings.ts";
import { type Environment, invalid, parseFlag } from "./setting.ts";
import { LOG_ESCAPE } from "./variables.ts";

/** Returns `accessLog` for LOG_FORMAT, LOG_FORMAT_ESCAPE, LOG_JSON and DISABLE_ACCESS_LOGS. */
export function accessLogOf(env: Environment): { readonly accessLog: unknown } | { readonly problem: string } {
  const [isOff, isJson] = [parseFlag(env, "DISABLE_ACCESS_LOGS"), parseFlag(env, "LOG_JSON")];
  if (typeof isOff === "object") return isOff;
  if (typeof isJson === "object") return isJson;
  if (isOff) return { accessLog: "off" };
  const text = env["LOG_FORMAT"] ?? "";
  if (text === "") return { accessLog: { format: isJson ? "json" : "vhost" } };
  const reason = CustomLogFormat.shape.text.safeParse(text).error?.issues[0]?.message;
  if (reason !== undefined) return { problem: invalid("LOG_FORMAT", text, reason) };
  const raw = env["LOG_FORMAT_ESCAPE"] || (isJson ? "json" : "default");
  const escape = LOG_ESCAPE(raw);
  if (escape.kind === "invalid") return { problem: invalid("LOG_FORMAT_ESCAPE", raw, escape.reason) };
  return { accessLog: { format: { text, escape: escape.value } } };
}
