import { asciiJson } from "../../shared/log.ts";
import { pathKey } from "../routes/path-match.ts";
import type { VirtualHost } from "../routes/routes.ts";
import type { Model } from "../template/model.ts";
import { type Certificate, expiryDate } from "./certificates/certificate.ts";
import { quotedWithVariables } from "./text.ts";

const DEBUG_PATH = "/nginx-proxy-debug";

/** Maximum length of the response in characters: it is part of nginx's configuration. */
const MAX_CHARS = 16_000;

/** Characters of one piece: nginx allows 4,095 bytes between quotes, and each may need a backslash. */
const PIECE_CHARS = 1_900;

/** Returns the debug endpoint's JSON in pieces, or false if it is disabled or a container serves its path. */
export function debugModel(virtualHost: VirtualHost, certificate: Certificate | undefined): Model {
  const { paths, options } = virtualHost;
  const isTaken = paths.some(({ path }) => pathKey(path) === `= ${DEBUG_PATH}`);
  if (options.debugEndpoint !== true || isTaken) return false;
  const text = describe(virtualHost, certificate);
  const [first = "", ...more] = text.match(new RegExp(`.{1,${PIECE_CHARS}}`, "g")) ?? [];
  return {
    first: quotedWithVariables(first),
    more: more.map((piece) => quotedWithVariables(`\${sallyport_debug}${piece}`)),
  };
}

/**
 * Returns JSON without dollar signs, so that nginx expands no variable. A description that is too long omits paths, then
 * diagnostics, and gives their number instead.
 */
function describe({ diagnostics = [], ...virtualHost }: VirtualHost, certificate: Certificate | undefined): string {
  const { paths, ...rest } = virtualHost;
  const known = {
    ...rest,
    httpsMethod: rest.options.httpsMethod ?? "redirect",
    certificate: certificate ? { name: certificate.stem, until: expiryDate(certificate) } : null,
  };
  const [omittedPaths, omittedDiagnostics] = [paths.length, diagnostics.length];
  const descriptions = [
    { ...known, paths, diagnostics },
    { ...known, omittedPaths, diagnostics },
    { ...known, omittedPaths, omittedDiagnostics },
  ].map((one) => asciiJson(one).replaceAll("$", String.raw`\u0024`));
  return descriptions.find((text) => text.length <= MAX_CHARS) ?? "{}";
}
