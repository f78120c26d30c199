import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Balance } from "../routes/option-values.ts";
import { pathKey } from "../routes/path-match.ts";
import type { PathRoute } from "../routes/routes.ts";
import type { UpstreamServer } from "../routes/routes.ts";
import type { ModelFields, Verbatim } from "../template/model.ts";
import { tokens } from "./text.ts";

/** nginx's directives by balancing method; round robin is nginx's default. */
const DIRECTIVES: Readonly<Record<Balance, string | undefined>> = {
  "round-robin": undefined,
  "least-conn": "least_conn",
  "ip-hash": "ip_hash",
  "hash-address": "hash $binary_remote_addr consistent",
  "hash-uri": "hash $request_uri consistent",
  random: "random two least_conn",
};

/** Balancing methods with which nginx accepts no `backup`. */
const WITHOUT_BACKUP: readonly Balance[] = ["ip-hash", "hash-address", "hash-uri", "random"];

/** Seconds for which a failed replica receives no requests. */
const FAIL_TIMEOUT_S = 1;

/** Returns the `upstream` block of a path that has servers. */
export function upstreamModel(host: string, { path, servers, options }: PathRoute): ModelFields {
  const { balance = "round-robin", keepalive = "auto" } = options;
  // nginx rejects an upstream that has only backups.
  const hasMain = servers.some(({ backup }) => !backup);
  const takesBackup = hasMain && !WITHOUT_BACKUP.includes(balance);
  const directive = DIRECTIVES[balance];
  return {
    name: upstreamName(host, pathKey(path)),
    balance: directive === undefined ? false : tokens(directive),
    servers: servers.map((server) => ({
      endpoint: endpointOf(server),
      container: server.container,
      parameters: parametersOf(server, takesBackup),
    })),
    keepalive: keepalive === "auto" ? 2 * servers.length : keepalive,
  };
}

/** Hashes the name: a host may be longer than nginx allows for an upstream, and `*.a` must differ from `a`. */
export function upstreamName(host: string, path: string): string {
  const key = path === "/" ? host : `${host} ${path}`;
  return `sallyport-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
}

function endpointOf({ address, port }: UpstreamServer): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function parametersOf(
  { weight, backup, maxFails = 1, failTimeout = FAIL_TIMEOUT_S }: UpstreamServer,
  takesBackup: boolean,
): Verbatim {
  return tokens(
    ...(weight === undefined ? [] : [`weight=${weight}`]),
    `max_fails=${maxFails}`,
    `fail_timeout=${failTimeout}s`,
    ...(backup && takesBackup ? ["backup"] : []),
  );
}
