import type { PathRoute } from "../routes/routes.ts";
import type { Model } from "../template/model.ts";
import { type Guard, unusable } from "./guard.ts";
import type { NginxSettings, UpstreamTls } from "./settings.ts";
import { quoted } from "./text.ts";

/** Whether nginx connects to the app by TLS. */
function hasTls({ protocol }: PathRoute): boolean {
  return protocol === "https" || protocol === "grpcs";
}

/** Returns the files by which apps are verified. */
export function upstreamTlsFiles({ authority, client }: UpstreamTls): string[] {
  return [authority, ...(client ? [client.certificate, client.key] : [])];
}

/** Returns how the app of a path is verified; nginx can do it in one way. `required`: the operator's default for apps with TLS. */
export function upstreamTlsOf(path: PathRoute, required: string | undefined): string[] {
  const { options, isOperators = false } = path;
  const byDefault = hasTls(path) && !(isOperators && options.upstreamTls !== undefined) ? required : undefined;
  return [...new Set([byDefault, options.upstreamTls].filter((name) => name !== undefined))];
}

/** Returns why a path whose app must be verified is closed. */
export function upstreamTlsFaults(names: readonly string[], path: PathRoute, settings: NginxSettings): Guard<never>[] {
  const where = "sallyport.upstream-tls";
  const [name, other] = names;
  if (name === undefined) return [];
  if (other !== undefined) {
    return [unusable(where, `the operator requires ${name} for all apps with TLS, not ${other}`, "remove the label")];
  }
  if (!hasTls(path)) {
    return [unusable(where, `the app speaks ${path.protocol}, without TLS`, "set VIRTUAL_PROTO to https or grpcs")];
  }
  if (settings.upstreamTls?.[name]) return [];
  return [unusable(where, `${name} is not defined in \`nginx.upstreamTls\``, "define it, or correct the name")];
}

/** Returns the directives by which nginx verifies an app, without their prefix; those of the operator's file are omitted. */
export function upstreamTlsModel(
  name: string,
  family: string,
  { upstreamTls }: NginxSettings,
  inFile: ReadonlySet<string> = new Set(),
): Model[] {
  const { authority, name: expected, client } = upstreamTls![name]!;
  const directives: readonly (readonly [string, string])[] = [
    ["ssl_verify", "on"],
    ["ssl_verify_depth", "3"],
    ["ssl_trusted_certificate", authority],
    ...(expected === undefined ? [] : [["ssl_name", expected] as const]),
    ...(client ? [["ssl_certificate", client.certificate] as const, ["ssl_certificate_key", client.key] as const] : []),
  ];
  return directives
    .filter(([directive]) => !inFile.has(`${family}_${directive}`))
    .map(([directive, value]) => ({ directive: quoted(directive), value: quoted(value) }));
}
