import { createHash } from "node:crypto";
import { pathKey } from "../routes/path-match.ts";
import type { PathRoute } from "../routes/routes.ts";
import type { ModelFields } from "../template/model.ts";
import type { AppliedFile } from "./files.ts";
import type { Guard } from "./guard.ts";
import type { NginxSettings } from "./settings.ts";
import { tokens } from "./text.ts";

/** Requests above the rate that are served at once, by default: those of one page. */
const DEFAULT_BURST = 20;

const NEXT_UPSTREAM = {
  connect: "error timeout",
  status: "error timeout http_502 http_503 http_504",
  off: "off",
} as const;

type Options = PathRoute["options"];

/** Returns what the policies of a path need in the `http` block: who has access, and where requests are counted. */
export function policyBlocks(host: string, path: PathRoute, settings: NginxSettings): ModelFields {
  const { allow, rate } = optionsOf(path, settings);
  return {
    allowed: allow !== undefined && { variable: tokens(allowedVariable(host, path)), networks: [...allow] },
    rate: rate !== undefined && { zone: tokens(zoneOf(host, path)), limit: tokens(rate) },
  };
}

/** Returns the policies of a path as its location prints them, without directives that the operator's file has. */
export function policyModel(
  host: string,
  path: PathRoute,
  settings: NginxSettings,
  extra: Guard<AppliedFile>,
): ModelFields {
  const { allow, rate, rateBurst = DEFAULT_BURST, compress, retry, retryTries } = optionsOf(path, settings);
  const inFile = new Set(extra.kind === "applied" ? extra.value.settings : []);
  return {
    allowed: allow !== undefined && tokens(allowedVariable(host, path)),
    limit: rate !== undefined && { zone: tokens(zoneOf(host, path)), burst: rateBurst },
    limitStatus: rate !== undefined && !inFile.has("limit_req_status"),
    compresses: compress === true && !inFile.has("gzip"),
    compressesTypes: compress === true && !inFile.has("gzip_types"),
    retry: retry === undefined ? false : tokens(NEXT_UPSTREAM[retry]),
    retryTries: retryTries ?? false,
  };
}

function optionsOf({ options }: PathRoute, { defaults }: NginxSettings): Options {
  return { ...defaults?.path, ...options };
}

function allowedVariable(host: string, path: PathRoute): string {
  return `$sallyport_allowed_${hashOf(host, path)}`;
}

function zoneOf(host: string, path: PathRoute): string {
  return `sallyport_rate_${hashOf(host, path)}`;
}

function hashOf(host: string, { path }: PathRoute): string {
  return createHash("sha256")
    .update(`${host} ${pathKey(path)}`)
    .digest("hex")
    .slice(0, 16);
}
