import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Balance } from "../routes/option-values.ts";
import { pathKey } from "../routes/path-match.ts";
import type { PathRoute } from "../routes/routes.ts";
import type { Server } from "../routes/server.ts";
import type { Model, Verbatim } from "../template/model.ts";
import { words } from "./text.ts";

type Fields = { readonly [name: string]: Model };

/** Directives by the operator's and our words; round robin is nginx's own way and needs none. */
const DIRECTIVES: Readonly<Record<Balance, string | undefined>> = {
  "round-robin": undefined,
  "least-conn": "least_conn",
  "ip-hash": "ip_hash",
  "hash-address": "hash $binary_remote_addr consistent",
  "hash-uri": "hash $request_uri consistent",
  random: "random two least_conn",
};

/** Ways of balancing with which nginx takes no `backup`. */
const WITHOUT_BACKUP: readonly Balance[] = ["ip-hash", "hash-address", "hash-uri", "random"];

/** Of a server that failed once, how long it is left alone: in seconds. */
const FAIL_TIMEOUT_S = 1;

/** The replicas of one path as nginx's `upstream` names them; call it for a path that has some. */
export function upstreamModel(host: string, { path, servers, options }: PathRoute): Fields {
  const { balance = "round-robin", keepalive = "auto" } = options;
  // With nothing but backups nginx refuses the whole file.
  const hasMain = servers.some(({ backup }) => !backup);
  const takesBackup = hasMain && !WITHOUT_BACKUP.includes(balance);
  const directive = DIRECTIVES[balance];
  return {
    name: upstreamName(host, pathKey(path)),
    balance: directive === undefined ? false : words(directive),
    servers: servers.map((server) => ({
      endpoint: endpointOf(server),
      container: server.container,
      parameters: parametersOf(server, takesBackup),
    })),
    keepalive: keepalive === "auto" ? 2 * servers.length : keepalive,
  };
}

/** A hash, for a host may be longer than nginx takes for a name, and `*.a` must differ from `a`. */
export function upstreamName(host: string, path: string): string {
  const known = path === "/" ? host : `${host} ${path}`;
  return `sallyport-${createHash("sha256").update(known).digest("hex").slice(0, 16)}`;
}

function endpointOf({ address, port }: Server): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function parametersOf(
  { weight, backup, maxFails = 1, failTimeout = FAIL_TIMEOUT_S }: Server,
  takesBackup: boolean,
): Verbatim {
  return words(
    ...(weight === undefined ? [] : [`weight=${weight}`]),
    `max_fails=${maxFails}`,
    `fail_timeout=${failTimeout}s`,
    ...(backup && takesBackup ? ["backup"] : []),
  );
}
