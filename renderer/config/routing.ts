import * as z from "zod";
import { parseAddress, parsePort } from "../routes/grammar.ts";
import { PERMISSIONS } from "../routes/option.ts";
import { HEALTH_RULES } from "../routes/options.ts";
import { parseRoute } from "../routes/requested-route.ts";
import { isPattern } from "../routes/reserved-names.ts";
import { DEFAULT_MAX_ROUTES, type StaticRoute } from "../routes/route-rules.ts";
import { hostName, hostOptions, ipAddress, pathOptions } from "./option-keys.ts";
import { duration, fail, staleAfter } from "./values.ts";

const MAX_GRACE_MS = 86_400_000;
const MAX_LEASE_MS = 365 * 86_400_000;

/** `10.0.0.5:8080`, `[fd00::5]:8080`. */
const endpoint = z.string().transform((text, context) => {
  const [, v6, v4, digits = ""] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(text) ?? [];
  const [address, port] = [parseAddress(v6 ?? v4 ?? ""), parsePort(digits)];
  if (address.kind === "ok" && port.kind === "ok") return { address: address.value, port: port.value };
  return fail(context, "must be ADDRESS:PORT, such as 10.0.0.5:8080 or [fd00::5]:8080");
});

const Route = z
  .strictObject({
    host: hostName.describe("One virtual host, in the grammar of VIRTUAL_HOST."),
    path: z.string().default("/").describe("Path, in the grammar of VIRTUAL_PATH."),
    to: z.array(endpoint).min(1).describe("ADDRESS:PORT of each upstream server."),
    proto: z.string().default("http").describe("Protocol of the upstream servers, as VIRTUAL_PROTO."),
    dest: z.string().default("").describe("Path that replaces the matched one, as VIRTUAL_DEST."),
    hostOptions: hostOptions.prefault({}).describe("Options of the virtual host."),
    pathOptions: pathOptions.prefault({}).describe("Options of the path."),
  })
  .transform(({ host, path, to, proto, dest, ...options }, context): StaticRoute => {
    const rules = { permissions: new Set(PERMISSIONS) };
    const read = parseRoute({ host, path, port: "", protocol: proto, destination: dest }, rules);
    const faults = read.kind === "invalid" ? [read] : read.ignored;
    const written = Object.entries({ host, path, proto, dest });
    for (const { reason, value } of faults) {
      const keys = written.flatMap(([key, text]) => (text === value ? [key] : []));
      context.addIssue({ code: "custom", path: keys.slice(0, 1), message: reason });
    }
    return read.kind === "invalid" || faults.length > 0 ? z.NEVER : { ...read.route, ...options, servers: to };
  });

export const Routing = z.strictObject({
  containersMay: z
    .union(
      [z.literal("all").transform(() => [...PERMISSIONS]), z.array(z.enum(PERMISSIONS))],
      `must be \`all\`, or a list of some of ${PERMISSIONS.join(", ")}`,
    )
    .prefault([])
    .describe("Security-sensitive settings that containers may set. Default: none. `all` allows every one."),
  maxRoutes: z
    .int()
    .min(1)
    .max(10_000)
    .default(DEFAULT_MAX_ROUTES)
    .describe("Host names and paths that one container may request. Further ones are ignored and reported."),
  hostRule: z
    .string()
    .regex(
      /^(?=.*\{)(?:[a-z0-9.-]|\{(?:name|service|project)\})+$/,
      "must be a host name with {name}, {service} or {project}, such as {service}.{project}.localhost",
    )
    .optional()
    .describe(
      "Host name of containers with the label `sallyport.enable=true` and without VIRTUAL_HOST, from `{name}` of the container and Compose's `{service}` and `{project}`. Default: none.",
    ),
  sharedHosts: z
    .boolean()
    .default(false)
    .describe(
      "Let containers of several Compose projects, and containers without a project, serve one virtual host. By default it belongs to the project or container that requested it first.",
    ),
  owners: z
    .array(
      z.strictObject({
        suffix: hostName
          .refine((host) => !isPattern(host), "must be a name without wildcard; it covers all names below it")
          .describe("Host name. The rule covers it and all names below it."),
        projects: z.array(z.string().min(1)).min(1).describe("Compose projects that may serve these names."),
      }),
    )
    .default([])
    .describe(
      "Reserves host names for Compose projects. The first matching suffix applies. Names below it that no container requests return 503.",
    ),
  ownerLease: duration
    .refine((ms) => ms <= MAX_LEASE_MS, "must be at most 8760h")
    .prefault("168h")
    .describe(
      "How long a virtual host stays with its project or container after its last container was seen. Until then it returns 503. No effect with `sharedHosts`.",
    ),
  staleAfter: staleAfter
    .prefault("72h")
    .describe(
      "How long after an agent disconnected its containers still receive requests. Then their virtual hosts return 503, because Docker may have given their addresses to other containers.",
    ),
  hostAddress: z
    .union([z.literal("gateway"), ipAddress], "must be `gateway`, or an IP address")
    .optional()
    .describe(
      "Address at which nginx reaches containers on the Docker host's network, or `gateway` for the default gateway of the renderer's container. Default: `gateway` with `proxy: self`, otherwise none.",
    ),
  health: z
    .enum(HEALTH_RULES)
    .default("required")
    .describe(
      "Which containers with a health check receive requests: `required` only healthy ones, `started` also those that have not passed their first check, `ignored` all. The label `sallyport.health` overrides it.",
    ),
  preferIpv6: z.boolean().default(false).describe("Use the IPv6 address of containers that have both."),
  grace: duration
    .refine((ms) => ms <= MAX_GRACE_MS, "must be at most 24h")
    .prefault("0s")
    .describe(
      "How long a virtual host returns 503 after its last container was removed. Then the virtual host is removed, too.",
    ),
  routes: z.array(Route).default([]).describe("Routes to upstream servers that are not containers."),
});

export type Routing = z.infer<typeof Routing>;
