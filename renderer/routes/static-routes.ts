import type { ContainerName, HostName, IpAddress, PortNumber } from "./grammar.ts";
import type { HostOptions, PathOptions } from "./options.ts";
import type { PathMatch, PathText } from "./path-match.ts";
import type { Protocol } from "./route-claim.ts";
import type { Evaluation } from "./verdict.ts";

/** A route of the operator's own, to something that is no container. */
export interface StaticRoute {
  readonly host: HostName;
  readonly path: PathMatch;
  readonly protocol: Protocol;
  readonly destination?: PathText;
  readonly servers: readonly { readonly address: IpAddress; readonly port: PortNumber }[];
  readonly hostOptions: HostOptions;
  readonly pathOptions: PathOptions;
}

/** As a claim that is older than any container: where they disagree, the operator is right. */
export function staticVerdicts(routes: readonly StaticRoute[]): Evaluation[] {
  return routes.flatMap(({ servers, hostOptions, pathOptions, ...route }, index) =>
    servers.map(({ address, port }, replica) => {
      const name = `route-${index + 1}` as ContainerName;
      return {
        order: `\n${String(index).padStart(6, "0")}\n${replica}`,
        who: { id: "", name, host: "" },
        createdAt: Number.NEGATIVE_INFINITY,
        options: { host: hostOptions, path: pathOptions },
        routes: [{ claim: route, server: { address, port, container: name } }],
        remarks: [],
      };
    }),
  );
}
