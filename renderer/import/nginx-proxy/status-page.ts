import { StatusPageSettings } from "../../config/status-page.ts";
import { parsePort } from "../../routes/grammar.ts";
import { type Environment, invalid } from "./setting.ts";

/** In the directory of the generated file, which the renderer may write and nginx may read. */
const DIRECTORY = "/etc/nginx/conf.d/status";

/** Returns `statusPage` for SALLYPORT_STATUS_PORT and SALLYPORT_STATUS_ALLOW; undefined without a port. */
export function statusPageOf(env: Environment): { readonly page: unknown } | { readonly problem: string } {
  const [port, allow] = [(env["SALLYPORT_STATUS_PORT"] ?? "").trim(), (env["SALLYPORT_STATUS_ALLOW"] ?? "").trim()];
  if (port === "") return { page: undefined };
  const listen = parsePort(port);
  if (listen.kind === "invalid") return { problem: invalid("SALLYPORT_STATUS_PORT", port, listen.reason) };
  const networks = allow.split(/[\s,]+/).filter((network) => network !== "");
  const page = { directory: DIRECTORY, listen: listen.value, ...(networks.length > 0 && { allow: networks }) };
  if (StatusPageSettings.safeParse(page).success) return { page };
  return { problem: invalid("SALLYPORT_STATUS_ALLOW", allow, "not a list of addresses and networks") };
}
