import type { Answers } from "../nginx/certificates/answers.ts";
import type { HostOptions, PathOptions } from "../routes/options.ts";
import type { PortUse } from "../routes/port-owner.ts";
import type { PathRoute, VirtualHost } from "../routes/routes.ts";
import type { Server } from "../routes/server.ts";
import type { NginxSettings } from "../nginx/settings.ts";

/** Something that is said only when it holds. */
type Sentence = string | false | undefined;

/** What counts for a host, in words for a person. `options` are the host's with the operator's defaults. */
export function hostRules(
  { host, redirectTo }: VirtualHost,
  options: HostOptions,
  answers: Answers,
  settings: NginxSettings,
): string[] {
  return said([
    ...(redirectTo === undefined ? [schemes(options, answers, settings)] : []),
    ...ports(options, answers, settings),
    host === settings.defaultHost && "answers for names that nobody claims, too",
    ...(answers.certificate ? tlsRules(host, options, settings) : []),
    answers.redirects && options.nonGetRedirect !== undefined && `other methods than GET get ${options.nonGetRedirect}`,
    settings.https && !answers.hasChallenges && "does not answer an ACME authority",
    options.debugEndpoint === true && "tells those inside about itself at /nginx-proxy-debug",
    options.serverTokens !== undefined && `server_tokens is ${options.serverTokens}`,
  ]);
}

/** What counts for a path. `options` are the path's with the operator's defaults. */
export function pathRules(
  { protocol, destination }: PathRoute,
  options: PathOptions,
  root: string | undefined,
): string[] {
  return said([
    destination !== undefined && `the app is asked for ${destination} in its place`,
    protocol === "fastcgi" && root !== undefined && `files are below ${root}`,
    options.access === "internal" && "for internal networks alone",
    options.balance !== undefined && `balanced by ${options.balance}`,
    options.keepalive === 0 && "no idle connections are kept",
    typeof options.keepalive === "number" && options.keepalive > 0 && `${options.keepalive} idle connections are kept`,
    options.timeout !== undefined && `given up after ${options.timeout} s of silence`,
    options.bodySize !== undefined && `bodies of requests up to ${options.bodySize} bytes`,
  ]);
}

/** What counts for one replica. */
export function serverRules({ weight, backup, maxFails, failTimeout }: Server): string[] {
  return said([
    weight !== undefined && `weight ${weight}`,
    backup === true && "spare",
    maxFails === 0 ? "never given up" : maxFails !== undefined && `left alone after ${maxFails} failures`,
    failTimeout !== undefined && `for ${failTimeout} s`,
  ]);
}

/** What plain HTTP and TLS do, and why there is none of one. */
function schemes(
  options: HostOptions,
  { servesPlain, redirects, certificate }: Answers,
  settings: NginxSettings,
): string {
  const method = options.httpsMethod ?? "redirect";
  if (certificate) {
    if (redirects) return "plain HTTP is redirected to TLS";
    return servesPlain
      ? "served by TLS and by plain HTTP (HTTPS_METHOD noredirect)"
      : "served by TLS alone (HTTPS_METHOD nohttp)";
  }
  if (method === "nohttps") return "served by plain HTTP alone (HTTPS_METHOD nohttps)";
  if (!settings.https) return "served by plain HTTP: the operator has no TLS (`https`)";
  const why =
    options.certificate === undefined
      ? "no certificate stands for it"
      : `the certificate ${options.certificate}, which its containers name, is not there or cannot be used`;
  if (redirects) return `plain HTTP is redirected to TLS, but ${why}`;
  return servesPlain ? `served by plain HTTP: ${why}` : `nobody is answered: ${why}`;
}

function ports(
  { httpPort, httpsPort }: HostOptions,
  { certificate }: Answers,
  { contested }: NginxSettings,
): Sentence[] {
  const own = (port: number | undefined, use: PortUse): port is number =>
    port !== undefined && (contested?.get(port) ?? use) === use;
  return [
    own(httpPort, "httpPort") && `plain HTTP at port ${httpPort}`,
    own(httpsPort, "httpsPort") && certificate !== undefined && `TLS at port ${httpsPort}`,
  ];
}

function tlsRules(host: string, options: HostOptions, { https }: NginxSettings): Sentence[] {
  const { hsts = https!.hstsSeconds > 0 ? `max-age=${https!.hstsSeconds}` : "off", sslPolicy, verifyClient } = options;
  const hasAuthority = https!.certificates.authorities?.has(host) || https!.certificates.authorities?.has("");
  return [
    hsts !== "off" && options.httpsMethod !== "noredirect" && `browsers shall come by TLS: ${hsts}`,
    sslPolicy !== undefined && `TLS policy ${sslPolicy}`,
    hasAuthority && verifyClient !== "off" && `clients are asked for a certificate (${verifyClient ?? "on"})`,
    options.http2 === false && "no HTTP/2",
    https!.http3 === true && (options.http3 === false ? "no HTTP/3" : "HTTP/3, too"),
  ];
}

function said(sentences: readonly Sentence[]): string[] {
  return sentences.filter((one) => typeof one === "string");
}
