import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";
import { parseDuration } from "../../shared/duration.ts";
import { parseAddress, parseHost, type Parsed, parsePort } from "../routes/grammar.ts";
import { type OptionRules, PERMISSIONS } from "../routes/option.ts";
import { HEALTH_RULES, HOST_OPTIONS, type HostOptions, PATH_OPTIONS, type PathOptions } from "../routes/options.ts";
import { readRoute } from "../routes/route-claim.ts";
import type { StaticRoute } from "../routes/static-routes.ts";

/** What can stand in nginx's configuration as it is. */
const plainPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._:/-]*$/, "an absolute path of letters, digits, dots, dashes, colons");

/** `10.0.0.0/8`, `fd00::/8`, or an address alone. */
const cidr = z.string().refine(isCidr, "must be an address or a network such as 10.0.0.0/8");
const ipAddress = z.string().transform((text, context) => orIssue(parseAddress(text), text, context));
const hostName = z.string().transform((text, context) => orIssue(parseHost(text, true), text, context));

/** `10.0.0.5:8080`, `[fd00::5]:8080`. */
const endpoint = z.string().transform((text, context) => {
  const [, v6, v4, digits = ""] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(text) ?? [];
  const [address, port] = [parseAddress(v6 ?? v4 ?? ""), parsePort(digits)];
  if (address.kind === "ok" && port.kind === "ok") return { address: address.value, port: port.value };
  context.addIssue(`${text} is not ADDRESS:PORT, such as 10.0.0.5:8080 or [fd00::5]:8080`);
  return z.NEVER;
});

/** An object whose values are written as containers would write them. */
function optionsOf<S extends object>(rules: OptionRules<S>) {
  const value = z.union([z.string(), z.number(), z.boolean()]);
  const shape = Object.fromEntries(
    (Object.keys(rules) as (keyof S & string)[]).map((key) => [
      key,
      value.optional().describe(`As the label sallyport.${rules[key].label}, see docs/reference/nginx-proxy.md.`),
    ]),
  );
  return z.strictObject(shape).transform((written, context) => {
    const read: Partial<S> = {};
    for (const key of Object.keys(rules) as (keyof S & string)[]) {
      const text = written[key];
      if (text === undefined) continue;
      const parsed = rules[key].parse(String(text));
      if (parsed.kind === "ok") read[key] = parsed.value;
      else context.addIssue({ code: "custom", path: [key], message: `${String(text)}: ${parsed.why}` });
    }
    return read as S;
  });
}

const hostOptions = optionsOf<HostOptions>(HOST_OPTIONS);
const pathOptions = optionsOf<PathOptions>(PATH_OPTIONS);

const OwnRoute = z
  .strictObject({
    host: hostName.describe("As VIRTUAL_HOST, one name."),
    path: z.string().default("/").describe("As VIRTUAL_PATH."),
    to: z.array(endpoint).min(1).describe("ADDRESS:PORT of each server."),
    proto: z.string().default("http").describe("As VIRTUAL_PROTO."),
    dest: z.string().default("").describe("As VIRTUAL_DEST."),
    hostOptions: hostOptions.prefault({}).describe("What containers could say of the host by labels."),
    pathOptions: pathOptions.prefault({}).describe("What containers could say of the path by labels."),
  })
  .transform(({ host, path, to, proto, dest, ...options }, context): StaticRoute => {
    const rules = { permissions: new Set(PERMISSIONS) };
    const read = readRoute({ host, path, port: "", protocol: proto, destination: dest }, rules);
    const faults = read.kind === "refused" ? [read] : read.remarks;
    const said = { host, path, proto, dest };
    const keyOf = (value: string) =>
      Object.entries(said)
        .filter(([, text]) => text === value)
        .map(([key]) => key);
    for (const { why, value } of faults)
      context.addIssue({ code: "custom", path: keyOf(value).slice(0, 1), message: `${value}: ${why}` });
    return read.kind === "refused" || faults.length > 0 ? z.NEVER : { ...read.route, ...options, servers: to };
  });

/** How containers become routes. */
export const Routing = z.strictObject({
  containersMay: z
    .union([z.literal("all").transform(() => [...PERMISSIONS]), z.array(z.enum(PERMISSIONS))])
    .prefault([])
    .describe("What containers may decide although it concerns security: nothing, unless listed; `all`: all there is."),
  sharedHosts: z
    .boolean()
    .default(false)
    .describe("Let containers of several compose projects stand behind one name; else the first project keeps it."),
  owners: z
    .array(
      z.strictObject({
        suffix: hostName.describe("A name; what is below it is meant, too."),
        projects: z.array(z.string().min(1)).min(1).describe("Compose projects."),
      }),
    )
    .default([])
    .describe("Names at and below a suffix are for these compose projects only; the first suffix that fits counts."),
  hostAddress: z
    .union([z.literal("gateway"), ipAddress])
    .optional()
    .describe(
      "Where nginx reaches containers on the Docker host's own network: an address, or `gateway` for the default gateway of this container, if it is nginx's network, too. With `proxy: self` that is where they are looked for.",
    ),
  health: z
    .enum(HEALTH_RULES)
    .default("required")
    .describe(
      "Which containers with a health check are sent requests: healthy ones; `started`: those that have not passed it yet, too; `ignored`: all, as nginx-proxy does. The label `sallyport.health` says it for one.",
    ),
  preferIpv6: z.boolean().default(false).describe("Of a container with both, use the IPv6 address."),
  grace: z
    .string("must be a duration such as 30s or 2m")
    .default("0s")
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined || ms > 86_400_000) context.addIssue(`${text} is not a duration up to 24h`);
      return ms ?? z.NEVER;
    })
    .describe("How long a name answers 503, with its certificate, after its last container went away."),
  routes: z.array(OwnRoute).default([]).describe("Routes to servers that are no containers."),
});

/** Longest format of a line: nginx takes no more than 4,095 bytes, and each may need a backslash. */
const MAX_LOG_FORMAT = 2_000;

/** The log format of an operator's own. */
export const OwnLogFormat = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(MAX_LOG_FORMAT)
    .regex(/^[\x20-\x7e\t]*$/, "must be one line of ASCII")
    .describe("A line with nginx's variables, as log_format takes it, without quotes around it."),
  escape: z.enum(["default", "json", "none"]).default("default").describe("What nginx escapes in variables."),
});

/** How nginx is set up, apart from ports and TLS. */
export const Nginx = z.strictObject({
  version: z
    .string()
    .regex(/^1\.[0-9]{1,3}(?:\.[0-9]{1,3})?$/, 'must be a version of nginx in quotes, such as "1.26"')
    .optional()
    .describe("nginx's version: from 1.25.1 on HTTP/2 is switched on as it wants it, without a warning in its log."),
  defaults: hostOptions.prefault({}).describe("What is meant for hosts where containers say nothing."),
  pathDefaults: pathOptions.prefault({}).describe("What is meant for paths where containers say nothing."),
  defaultHost: hostName.optional().describe("The host that answers for names nobody claims."),
  unclaimedPath: z.int().min(200).max(599).default(404).describe("Status for paths of a host that nobody claims."),
  ipv6: z.boolean().default(false).describe("Listen on IPv6 too."),
  proxyProtocol: z.boolean().default(false).describe("Expect the PROXY protocol on every port."),
  trustedProxies: z.array(cidr).default([]).describe("Proxies before nginx whose X-Forwarded-* count."),
  internalNetworks: z.array(cidr).min(1).optional().describe("Who may reach NETWORK_ACCESS=internal."),
  resolvers: z.array(ipAddress).default([]).describe("DNS servers nginx asks, for what files of yours need."),
  accessLog: z
    .union([
      z.literal("off"),
      z.strictObject({
        file: plainPath.default("/var/log/nginx/access.log").describe("As nginx sees it."),
        format: z.union([z.enum(["vhost", "json"]), OwnLogFormat]).describe("`vhost`, `json`, or one of yours."),
      }),
    ])
    .optional()
    .describe("The log of requests; without it nginx's own setting counts."),
  files: z
    .strictObject({
      vhosts: plainPath.optional().describe("Lines to add to hosts and locations, as nginx-proxy's vhost.d."),
      passwords: plainPath.optional().describe("Password files, as nginx-proxy's htpasswd."),
      errors: plainPath.optional().describe("50x.html, or HOST.html, for when no app answers."),
      proxy: plainPath
        .optional()
        .describe("A file in place of all proxy_* lines that are for every host, as nginx-proxy's proxy.conf."),
    })
    .prefault({})
    .describe("Directories and files of yours, at the same path for the renderer and for nginx; watched."),
});

export type Routing = z.infer<typeof Routing>;
export type Nginx = z.infer<typeof Nginx>;

/** Keys, for the nearest one to a wrong word. */
export const PRESET_KEYS = {
  routing: Object.keys(Routing.shape),
  nginx: Object.keys(Nginx.shape),
  owners: ["suffix", "projects"],
  routes: ["host", "path", "to", "proto", "dest", "hostOptions", "pathOptions"],
  defaults: Object.keys(HOST_OPTIONS),
  hostOptions: Object.keys(HOST_OPTIONS),
  pathDefaults: Object.keys(PATH_OPTIONS),
  pathOptions: Object.keys(PATH_OPTIONS),
  files: ["vhosts", "passwords", "errors", "proxy"],
  accessLog: ["file", "format"],
  format: ["text", "escape"],
};

/** What has to stand where there is a choice, by key. */
export const PRESET_CHOICES = {
  hostAddress: "must be `gateway`, or an IP address",
  containersMay: `must be \`all\`, or a list of some of ${PERMISSIONS.join(", ")}`,
  accessLog: "must be `off`, or have `format`, and maybe `file`",
  format: "must be `vhost`, `json`, or have `text` (with nginx's variables), and maybe `escape`",
};

/** Whether this is `10.0.0.0/8`, `fd00::/8`, or an address alone. */
export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  const limit = isIPv4(address) ? 32 : 128;
  const isBits = !text.includes("/") || (/^(?:0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= limit);
  return more.length === 0 && isBits && (isIPv4(address) || (isIPv6(address) && !address.includes("%")));
}

function orIssue<T>(parsed: Parsed<T>, text: string, context: z.core.$RefinementCtx): T {
  if (parsed.kind === "ok") return parsed.value;
  context.addIssue(`${text}: ${parsed.why}`);
  return z.NEVER;
}
