import { StatusPageSettings } from "../../config/status-page.ts";
import { parsePort } from "../../routes/grammar.ts";
import { quoted } from "../docker-gen/note.ts";

/** `statusPage` of the configuration, undefined when none is wanted, or what is wrong with the variables that say it. */
export type AskedPage = { readonly page: unknown } | { readonly problem: string };

/** Beside the generated file, which the renderer may write and nginx may read. */
const DIRECTORY = "/etc/nginx/conf.d/status";

/** Pure: the page that SALLYPORT_STATUS_PORT asks for, for the networks of SALLYPORT_STATUS_ALLOW. */
export function statusPageOf(env: Readonly<Record<string, string | undefined>>): AskedPage {
  const [port, allow] = [(env["SALLYPORT_STATUS_PORT"] ?? "").trim(), (env["SALLYPORT_STATUS_ALLOW"] ?? "").trim()];
  if (port === "") return { page: undefined };
  const listen = parsePort(port);
  if (listen.kind === "invalid") return { problem: `SALLYPORT_STATUS_PORT: ${quoted(port)} is ${listen.reason}` };
  const networks = allow.split(/[\s,]+/).filter((word) => word !== "");
  const page = { directory: DIRECTORY, listen: listen.value, ...(networks.length > 0 && { allow: networks }) };
  if (StatusPageSettings.safeParse(page).success) return { page };
  return { problem: `SALLYPORT_STATUS_ALLOW: ${quoted(allow)} is not a list of addresses and networks` };
}
