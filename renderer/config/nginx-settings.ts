import * as z from "zod";
import { hostName, hostOptions, ipAddress, pathOptions } from "./option-keys.ts";
import { SERVICE_NAME } from "../routes/option-values.ts";
import { isPattern } from "../routes/reserved-names.ts";
import { absolutePath, network, nginxPath, portNumber } from "./values.ts";

/** nginx accepts 4,095 bytes, and each character may need a backslash. */
const MAX_LOG_FORMAT = 2_000;

const MAX_HSTS_SECONDS = 63_072_000;

export const CustomLogFormat = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(MAX_LOG_FORMAT)
    .regex(/^[\x20-\x7e\t]*$/, "must be one line of ASCII")
    .describe("One line with nginx's variables, as in `log_format`, without the quotes around it."),
  escape: z.enum(["default", "json", "none"]).default("default").describe("How nginx escapes variables."),
});

/** Headers that nginx sets in requests to apps, or that describe the connection. */
const OWN_HEADERS =
  /^(?:host|connection|content-.*|transfer-.*|upgrade|te|expect|proxy.*|forwarded|x-forwarded-.*|x-real-ip|x-original-.*|http2-settings)$/i;

const UNCLAIMED_PATH = "must be `none`, a status from 200 to 599, a status with an address or a text, or an address";

/** As nginx-proxy's DEFAULT_ROOT: `none`, or what `return` accepts. */
export const unclaimedPath = z.union(
  [
    z.int(UNCLAIMED_PATH).min(200, UNCLAIMED_PATH).max(599, UNCLAIMED_PATH),
    z
      .string()
      .max(2_000)
      .regex(/^(?:none|[2-5][0-9]{2} [\x20-\x7e]*[\x21-\x7e]|(?:https?|\$[a-z_]+):\/\/[\x21-\x7e]+)$/, UNCLAIMED_PATH),
  ],
  UNCLAIMED_PATH,
);

/** How nginx is set up, apart from ports and TLS. */
export const Nginx = z.strictObject({
  version: z
    .string('must be a version of nginx in quotes, such as "1.26"')
    .regex(/^1\.[0-9]{1,3}(?:\.[0-9]{1,3})?$/, 'must be a version of nginx in quotes, such as "1.26"')
    .optional()
    .describe(
      "Version of nginx for which directives are generated. A version that nginx reports through the reload channel takes precedence. Default: directives that all supported versions accept.",
    ),
  defaults: hostOptions.prefault({}).describe("Options of virtual hosts whose containers do not set them."),
  pathDefaults: pathOptions.prefault({}).describe("Options of paths whose containers do not set them."),
  defaultHost: hostName
    .optional()
    .describe("Virtual host that serves unknown host names. Default: none; unknown names get 503."),
  unclaimedPath: unclaimedPath
    .default(404)
    .describe(
      "Response for paths of a virtual host that no container serves: a status, a status with an address or a text, or an address. nginx's variables are possible. `none`: your own files have `location /`.",
    ),
  ipv6: z.boolean().default(false).describe("Also listen on IPv6."),
  proxyProtocol: z.boolean().default(false).describe("Expect the PROXY protocol on every port."),
  trustedProxies: z
    .array(network)
    .default([])
    .describe("Addresses and networks of proxies in front of nginx whose X-Forwarded-* headers are trusted."),
  upgrades: z
    .array(
      z
        .string()
        .regex(
          /^(?!(?:default|hostnames|include|volatile)$)[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/,
          "must be a protocol of the Upgrade header, such as `websocket`",
        ),
    )
    .default(["websocket"])
    .describe(
      "Protocols that clients may switch to with the Upgrade header. `h2c` would bypass passwords and access rules.",
    ),
  connectionsPerAddress: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(2_000)
    .describe("Concurrent requests of one client address; more get 429. 0 disables the limit."),
  internalNetworks: z
    .array(network)
    .optional()
    .describe(
      "Clients that may use paths with NETWORK_ACCESS=internal. Default: the private networks. If empty, these paths are closed.",
    ),
  resolvers: z
    .array(ipAddress)
    .default([])
    .describe("DNS servers of the directive `resolver`, which your own nginx files may need."),
  accessLog: z
    .union(
      [
        z.literal("off"),
        z.strictObject({
          file: nginxPath.default("/var/log/nginx/access.log").describe("Path of the log in nginx."),
          format: z
            .union(
              [z.enum(["vhost", "json"]), CustomLogFormat],
              "must be `vhost`, `json`, or have `text` (with nginx's variables), and may have `escape`",
            )
            .describe("`vhost`, `json` or a custom format."),
        }),
      ],
      "must be `off`, or have `format`, and may have `file`",
    )
    .optional()
    .describe("Access log. Default: the setting of nginx's main configuration."),
  auth: z
    .record(
      z.string().regex(SERVICE_NAME, "must be a name: a letter, then letters, digits and dashes, 32 at most"),
      z.strictObject({
        host: hostName
          .refine((host) => !isPattern(host), "must be a name without wildcard")
          .describe(
            "Virtual host of the service: of a container or of a static route. Reserve the name with `owners`.",
          ),
        path: z
          .string()
          .regex(/^\/[A-Za-z0-9._~?=&,/-]{0,255}$/, "must be a path such as /api/authz/auth-request")
          .default("/")
          .describe("Path of the subrequest that nginx sends. Status 2xx admits the request; 401 and 403 reject it."),
        signIn: z
          .string()
          .regex(
            /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?\/[A-Za-z0-9._~/-]{0,255}$/,
            "must be a URL without parameters",
          )
          .optional()
          .describe(
            "Page to which clients without a session are redirected, with the parameter `rd`. Default: the `Location` of the service's response, otherwise 401.",
          ),
        headers: z
          .array(
            z
              .string()
              .regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, "must be the name of a header")
              .refine((name) => !OWN_HEADERS.test(name), "must be a header that nginx does not set itself"),
          )
          .max(20)
          .default(["Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email"])
          .describe("Headers of the service's response that are sent to the app. The client's own values are removed."),
      }),
    )
    .default({})
    .describe(
      "Authentication services for the label `sallyport.auth`, by name. nginx sends a subrequest for each request.",
    ),
  upstreamTls: z
    .record(
      z.string().regex(SERVICE_NAME, "must be a name: a letter, then letters, digits and dashes, 32 at most"),
      z.strictObject({
        authority: nginxPath.describe(
          "File with the certificate authorities (PEM) that verify the certificates of apps.",
        ),
        name: hostName
          .refine((host) => !isPattern(host), "must be a name without wildcard")
          .optional()
          .describe("Name that the certificate must contain. Default: the virtual host."),
        client: z
          .strictObject({
            certificate: nginxPath.describe("File with the certificate (PEM)."),
            key: nginxPath.describe("File with the private key (PEM)."),
          })
          .optional()
          .describe("Certificate that nginx presents to apps. Default: none."),
      }),
    )
    .default({})
    .describe(
      "How certificates of apps are verified, by the name in the label `sallyport.upstream-tls`. The paths are those in nginx. The files are watched if the renderer has them at the same paths.",
    ),
  files: z
    .strictObject({
      vhosts: nginxPath
        .optional()
        .describe("Directory of files to include in virtual hosts and locations, as nginx-proxy's vhost.d."),
      passwords: nginxPath.optional().describe("Directory of password files, as nginx-proxy's htpasswd."),
      errors: nginxPath.optional().describe("Directory of 50x.html, or HOST.html, for failed upstream servers."),
      proxy: nginxPath
        .optional()
        .describe("File that replaces all global proxy_* directives, as nginx-proxy's proxy.conf."),
    })
    .prefault({})
    .describe("Your own files, at the same path for the renderer and nginx. They are watched."),
});

export type Nginx = z.infer<typeof Nginx>;

export const Https = z.strictObject({
  certificates: absolutePath.describe("Directory of NAME.crt and NAME.key, as a path in the renderer. It is watched."),
  certificatesInNginx: nginxPath
    .optional()
    .describe("The same directory, as a path in nginx. Needed if nginx mounts it at another path."),
  listen: portNumber.default(8443).describe("Port that nginx listens on for TLS, inside its container."),
  port: portNumber
    .default(443)
    .describe(
      "The published port, which redirects to HTTPS contain. Default: `SALLYPORT_HTTPS_PORT` of the renderer's environment, or 443.",
    ),
  challenges: nginxPath
    .default("/usr/share/nginx/html")
    .describe("Directory of .well-known/acme-challenge/, as a path in nginx."),
  challengesForUnknown: z
    .boolean()
    .default(false)
    .describe("Also serve ACME challenges for unknown host names over HTTP."),
  acme: z
    .strictObject({
      directory: absolutePath.describe(
        "Directory in which the renderer lists the wanted certificates for the ACME client.",
      ),
      dns: z
        .boolean()
        .default(false)
        .describe(
          "The ACME client validates names by DNS-01, so wildcards and hosts without HTTP can have certificates.",
        ),
    })
    .optional()
    .describe("Get certificates from an ACME authority, by the program `sallyport-acme`. Default: no."),
  http3: z.boolean().default(false).describe("Enable HTTP/3. The port must also be published for UDP."),
  hstsSeconds: z
    .int()
    .min(0)
    .max(MAX_HSTS_SECONDS)
    .default(31_536_000)
    .describe("`max-age` of Strict-Transport-Security in seconds. 0 omits the header."),
});
