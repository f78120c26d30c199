import type { CertificateSet } from "../nginx/certificates/directory.ts";
import { clientFilesOf } from "../nginx/certificates/clients.ts";
import { isUsableFor } from "../nginx/contested-ports.ts";
import type { AppliedFile } from "../nginx/files.ts";
import type { Guard } from "../nginx/guard.ts";
import { describePolicies, policiesOf } from "../nginx/path-policies.ts";
import type { Schemes } from "../nginx/schemes.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import { hstsOf } from "../nginx/tls.ts";
import { hasHttp2Directive, hasSticky } from "../nginx/version.ts";
import type { HostOptions } from "../routes/options.ts";
import type { PortUse } from "../routes/contested-ports.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import type { UpstreamServer } from "../routes/routes.ts";

const NO_STICKY = "no sticky sessions: this nginx is older than 1.29.6, or its version is unknown; update nginx";

/** A sentence that is printed only where it applies. */
type Sentence = string | false | undefined;

export function hostSettings(
  { host, redirectTo, paths }: VirtualHost,
  options: HostOptions,
  schemes: Schemes,
  settings: NginxSettings,
): string[] {
  const hasCalls = paths.some(({ protocol }) => protocol === "grpc" || protocol === "grpcs");
  return applicable([
    redirectTo === undefined && schemeSetting(host, options, schemes, settings),
    hasCalls &&
      schemes.servesHttp &&
      !hasHttp2Directive(settings) &&
      `gRPC without TLS fails: it needs nginx 1.25.1, and nginx is ${settings.version ?? "of an unknown version: set `nginx.version`"}`,
    ...ports(options, schemes, settings),
    options.http3 === true &&
      settings.https?.http3 !== true &&
      "no HTTP/3: it is disabled by the operator; set `https.http3`, or ENABLE_HTTP3=true on the self-contained image",
    host === settings.defaultHost && "default host: also serves unknown host names",
    ...(schemes.certificate ? tlsSettings(host, options, settings) : []),
    schemes.redirectsToHttps &&
      options.nonGetRedirect !== undefined &&
      `redirects methods other than GET with ${options.nonGetRedirect}`,
    settings.https && !schemes.servesChallenges && "does not serve ACME challenges",
    options.debugEndpoint === true && "serves /nginx-proxy-debug to internal networks",
    options.serverTokens !== undefined && `server_tokens: ${options.serverTokens}`,
  ]);
}

/** Describes the settings of a path, with the operator's defaults. */
export function pathSettings(
  host: string,
  path: PathRoute,
  root: string | undefined,
  passwords: Guard<AppliedFile> | undefined,
  settings: NginxSettings | undefined,
): string[] {
  const { protocol, destination } = path;
  const policies = policiesOf(host, path, settings ?? {});
  const { options } = policies;
  return applicable([
    passwords?.kind === "applied" && `password file: ${passwords.value.name}`,
    destination !== undefined && `path sent to the upstream server: ${destination}`,
    protocol === "fastcgi" && root !== undefined && `document root: ${root}`,
    options.access === "internal" && "internal networks only",
    options.balance !== undefined && `load balancing: ${options.balance}`,
    options.keepalive === 0 && "idle upstream connections: none",
    typeof options.keepalive === "number" &&
      options.keepalive > 0 &&
      `idle upstream connections: at most ${options.keepalive}`,
    options.timeout !== undefined && `timeout: ${options.timeout} s`,
    options.bodySize !== undefined && `maximum request body: ${options.bodySize} bytes`,
    ...describePolicies(policies, settings, passwords?.kind === "applied"),
    options.headers === "strict" && "security headers: strict",
    options.cors !== undefined &&
      `readable by pages of ${options.cors[0] === "*" ? "every origin" : options.cors.join(", ")}`,
    options.compress === true && "responses are compressed",
    options.retry !== undefined && `retry: ${options.retry}`,
    options.retryTries !== undefined && `replicas tried for one request: ${options.retryTries}`,
    options.sticky === "cookie" && (settings && !hasSticky(settings) ? NO_STICKY : "sticky sessions by a cookie"),
  ]);
}

export function serverSettings({ weight, backup, maxFails, failTimeout, maxConnections }: UpstreamServer): string[] {
  return applicable([
    weight !== undefined && `weight ${weight}`,
    backup === true && "backup",
    maxFails !== undefined && `max_fails ${maxFails}`,
    failTimeout !== undefined && `fail_timeout ${failTimeout} s`,
    maxConnections !== undefined && `max_conns ${maxConnections}`,
  ]);
}

/** Describes whether HTTP and HTTPS are served, and why one of them is not. */
function schemeSetting(
  host: string,
  options: HostOptions,
  { servesHttp, redirectsToHttps, certificate }: Schemes,
  settings: NginxSettings,
): string {
  const method = options.httpsMethod ?? "redirect";
  if (certificate) {
    if (redirectsToHttps) return "HTTP is redirected to HTTPS";
    return servesHttp ? "HTTPS and HTTP (HTTPS_METHOD=noredirect)" : "HTTPS only (HTTPS_METHOD=nohttp)";
  }
  if (method === "nohttps") return "HTTP only (HTTPS_METHOD=nohttps)";
  if (!settings.https) return "HTTP only: HTTPS is not configured (`https`)";
  const why =
    options.certificate === undefined
      ? uncovered(host, settings.https.certificates)
      : `certificate ${options.certificate} (CERT_NAME) is missing or invalid`;
  if (redirectsToHttps) return `HTTP is redirected to HTTPS, but ${why}`;
  return servesHttp ? `HTTP only: ${why}` : `neither HTTP nor HTTPS is served: ${why}`;
}

/** Names the file that may have been meant for the host. */
function uncovered(host: string, { usable, invalid }: CertificateSet): string {
  const named = [host, host.slice(host.indexOf(".") + 1)];
  const broken = invalid.find(({ stem }) => named.includes(stem));
  if (broken) return broken.reason;
  const stem = named.find((one) => usable.has(one));
  return stem === undefined ? "no certificate covers this host" : `${stem}.crt does not cover this host`;
}

function ports({ httpPort, httpsPort }: HostOptions, { certificate }: Schemes, settings: NginxSettings): Sentence[] {
  const isGranted = (port: number | undefined, use: PortUse): boolean =>
    port !== undefined && isUsableFor(port, use, settings);
  return [
    isGranted(httpPort, "httpPort") && `HTTP port: ${httpPort}`,
    isGranted(httpsPort, "httpsPort") && certificate !== undefined && `HTTPS port: ${httpsPort}`,
  ];
}

function tlsSettings(host: string, options: HostOptions, { https }: NginxSettings): Sentence[] {
  const { sslPolicy, verifyClient } = options;
  const hsts = options.httpsMethod === "noredirect" ? undefined : hstsOf(options, https!);
  const { kind } = clientFilesOf(host, options, https!.certificates);
  return [
    hsts !== undefined && `HSTS: ${hsts}`,
    sslPolicy !== undefined && `TLS policy: ${sslPolicy}`,
    kind === "applied" && `client certificates: ${verifyClient ?? "on"}`,
    options.http2 === false && "HTTP/2: off",
    https!.http3 === true && `HTTP/3: ${options.http3 === false ? "off" : "on"}`,
  ];
}

function applicable(sentences: readonly Sentence[]): string[] {
  return sentences.filter((one) => typeof one === "string");
}
