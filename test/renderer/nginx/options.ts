import { ROUTE_NAMES } from "../../../renderer/routes/route-request.ts";
import { PERMISSIONS } from "../../../renderer/routes/option.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../../../renderer/routes/options.ts";
import type { RouteRules } from "../../../renderer/routes/route-rules.ts";

/** Rules that grant containers all permissions. */
export const RULES: RouteRules = {
  proxy: { kind: "host" },
  onlyExposed: false,
  permissions: new Set(PERMISSIONS),
  defaultPorts: { plain: [18_080], tls: [18_443] },
};

/** All variables and labels that are read. */
const places = [
  ...ROUTE_NAMES,
  ...[HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules)),
] as { env?: string; label: string; nginxProxyLabel?: string }[];
export const VARIABLES: readonly string[] = places.flatMap(({ env }) => env ?? []);
export const LABELS: readonly string[] = places.flatMap(({ label, nginxProxyLabel }) => [
  `sallyport.${label}`,
  ...(nginxProxyLabel === undefined ? [] : [`com.github.nginx-proxy.nginx-proxy.${nginxProxyLabel}`]),
]);

/** Returns a label of nginx-proxy for a container. */
export function nginxProxyLabel(name: string, value: string): { readonly labels: Readonly<Record<string, string>> } {
  return { labels: { [`com.github.nginx-proxy.nginx-proxy.${name}`]: value } };
}
