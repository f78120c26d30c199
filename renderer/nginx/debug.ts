import { type Certificate, dayOf } from "./certificates/certificate.ts";
import { pathKey } from "../routes/path-match.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Model } from "../template/model.ts";
import type { NginxSettings } from "./settings.ts";
import { quotedWithVariables } from "./text.ts";

/** Where a host tells what is known of it. */
const DEBUG_PATH = "/nginx-proxy-debug";

/** Longest description, in characters: it stands in nginx's file and is put together for each answer. */
const MAX_CHARS = 16_000;

/** Characters of one piece: nginx takes 4,095 bytes between quotes, and each may need a backslash. */
const PIECE_CHARS = 1_900;

/**
 * What a host's debug endpoint answers, as JSON in pieces: no variable, quote or line end of nginx is in it. False where
 * nobody wants one, or where a container serves that path itself.
 */
export function debugModel(virtualHost: VirtualHost, certificate: Certificate | undefined): Model {
  const { paths, options } = virtualHost;
  const isTaken = paths.some(({ path }) => pathKey(path) === `= ${DEBUG_PATH}`);
  if (options.debugEndpoint !== true || isTaken) return false;
  const [first = "", ...more] = piecesOf(describe(virtualHost, certificate));
  return {
    first: quotedWithVariables(first),
    more: more.map((piece) => quotedWithVariables(`\${sallyport_debug}${piece}`)),
  };
}

/** Whether any host may have a debug endpoint. */
export function hasDebugEndpoints(hosts: readonly VirtualHost[], { defaults }: NginxSettings): boolean {
  return defaults?.host.debugEndpoint === true || hosts.some(({ options }) => options.debugEndpoint === true);
}

/** What is too long is left out, paths first, and said to be. */
function describe({ findings = [], ...virtualHost }: VirtualHost, certificate: Certificate | undefined): string {
  const { paths, ...rest } = virtualHost;
  const known = {
    ...rest,
    httpsMethod: rest.options.httpsMethod ?? "redirect",
    certificate: certificate ? { name: certificate.stem, until: dayOf(certificate) } : null,
  };
  const [pathsLeftOut, findingsLeftOut] = [paths.length, findings.length];
  const descriptions = [
    { ...known, paths, findings },
    { ...known, pathsLeftOut, findings },
    { ...known, pathsLeftOut, findingsLeftOut },
  ].map(asciiJson);
  return descriptions.find((text) => text.length <= MAX_CHARS) ?? "{}";
}

/** JSON of printable ASCII without a dollar sign: there is nothing in it that nginx would replace. */
function asciiJson(value: unknown): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]|\$/g, escape);
}

function piecesOf(text: string): string[] {
  return text.match(new RegExp(`.{1,${PIECE_CHARS}}`, "g")) ?? [];
}
