import type { Evaluation } from "./evaluation.ts";
import type { ContainerName } from "./grammar.ts";
import { OPERATOR } from "./owner.ts";
import type { StaticRoute } from "./route-rules.ts";

/** Returns static routes as evaluations that are older than any container, so that they prevail in conflicts. */
export function staticEvaluations(routes: readonly StaticRoute[]): Evaluation[] {
  return routes.flatMap(({ servers, hostOptions, pathOptions, ...route }, index) =>
    servers.map(({ address, port }, replica) => {
      const container = `route-${index + 1}` as ContainerName;
      return {
        order: `\n${String(index).padStart(6, "0")}\n${replica}`,
        subject: { id: "", container, dockerHost: "" },
        owner: OPERATOR,
        service: OPERATOR,
        isReplica: false,
        createdAt: Number.NEGATIVE_INFINITY,
        options: { host: hostOptions, path: pathOptions },
        routes: [{ route, port, isDoubtful: false, server: { address, port, container } }],
        remarks: [],
      };
    }),
  );
}
