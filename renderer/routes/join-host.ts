import { compare } from "./compare.ts";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import type { Evaluation, ResolvedRoute } from "./evaluation.ts";
import type { HostName } from "./grammar.ts";
import { mergeOptions } from "./option.ts";
import { HOST_OPTIONS, PATH_OPTIONS } from "./options.ts";
import { pathKey } from "./path-match.ts";
import type { HostPorts } from "./requested-route.ts";
import type { HostDiagnostic, PathRoute, UpstreamServer, VirtualHost } from "./routes.ts";

export interface JoinedHost {
  readonly virtualHost: VirtualHost;
  /** Conflicts that an older container decides. */
  readonly remarks: readonly Diagnostic[];
}

export interface JoinRules {
  readonly sharedHosts: boolean;
  /** Default for hosts whose containers do not set it. */
  readonly debugEndpoint?: boolean;
}

/** The routes of one container for one host. */
interface Member {
  readonly evaluation: Evaluation;
  readonly routes: readonly ResolvedRoute[];
}

/**
 * Joins the routes of all containers that request one host (pure; the order of the arguments does not matter).
 * In a conflict the oldest container prevails, and the others get a diagnostic.
 */
export function joinHost(
  host: HostName,
  evaluations: readonly Evaluation[],
  { sharedHosts, debugEndpoint = false }: JoinRules,
): JoinedHost {
  const byAge = evaluations.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.order, b.order));
  const serving = byAge
    .map((evaluation) => ({ evaluation, routes: evaluation.routes.filter(({ route }) => route.host === host) }))
    .filter(({ routes }) => routes.length > 0);
  if (serving.length === 0) return redirected(host, byAge);
  const { members, remarks } = sharedHosts ? { members: serving, remarks: [] } : ofFirstOwner(host, serving);
  const own = members.map(({ evaluation, routes }) => ({
    subject: evaluation.subject,
    createdAt: evaluation.createdAt,
    values: { ...evaluation.options.host, ...portsOf(routes) },
  }));
  const options = mergeOptions(own, HOST_OPTIONS);
  const first = own.find(({ values: { httpPort, httpsPort } }) => (httpPort ?? httpsPort) !== undefined);
  const paths = groupByPath(members).map((group) => joinPath(group));
  const conflicts = [...remarks, ...options.remarks, ...paths.flatMap((path) => path.remarks)];
  const virtualHost = {
    host,
    paths: paths.map(({ path }) => path),
    options: options.values,
    ...(first && { portsSince: first.createdAt }),
  };
  const isDebugged = options.values.debugEndpoint ?? debugEndpoint;
  return {
    virtualHost: isDebugged ? { ...virtualHost, diagnostics: hostDiagnostics(byAge, conflicts) } : virtualHost,
    remarks: conflicts,
  };
}

/** No container serves this name, but at least one redirects it. */
function redirected(host: HostName, byAge: readonly Evaluation[]): JoinedHost {
  const [first, ...others] = byAge;
  const redirectTo = first!.routes[0]!.route.host;
  const { redirectFrom: _, ...options } = first!.options.host;
  const problem = `${host} already redirects to ${redirectTo} by container ${first!.subject.container}`;
  const remarks = others
    .filter(({ routes }) => routes[0]!.route.host !== redirectTo)
    .map(({ subject }) => diagnostic(subject, "host.conflict", { problem, hint: "redirect it by one container only" }));
  return { virtualHost: { host, paths: [], options, redirectTo }, remarks };
}

/** A host belongs to the compose project of its oldest container; containers without project count as one project. */
function ofFirstOwner(host: HostName, byAge: readonly Member[]): { members: Member[]; remarks: Diagnostic[] } {
  const owner = byAge[0]!.evaluation;
  const isOwners = ({ evaluation }: Member): boolean =>
    evaluation.project === owner.project || evaluation.createdAt === Number.NEGATIVE_INFINITY;
  const name = owner.project === undefined ? `container ${owner.subject.container}` : `project ${owner.project}`;
  const problem = `${host} belongs to ${name}, which requested it first`;
  const hint = "use another name, set `sharedHosts: true` to share names, or reserve the name by `owners`";
  const remarks = byAge
    .filter((one) => !isOwners(one))
    .map(({ evaluation: { subject } }) => diagnostic(subject, "host.conflict", { problem, hint }));
  return { members: byAge.filter(isOwners), remarks };
}

function portsOf(routes: readonly ResolvedRoute[]): HostPorts {
  return routes.find(({ route }) => route.ports !== undefined)?.route.ports ?? {};
}

/** One route of a container. */
interface PathMember {
  readonly evaluation: Evaluation;
  readonly resolved: ResolvedRoute;
}

function groupByPath(members: readonly Member[]): (readonly [key: string, group: PathMember[]])[] {
  const groups = new Map<string, PathMember[]>();
  for (const { evaluation, routes } of members) {
    for (const resolved of routes) {
      const key = pathKey(resolved.route.path);
      const group = groups.get(key);
      if (group) group.push({ evaluation, resolved });
      else groups.set(key, [{ evaluation, resolved }]);
    }
  }
  return [...groups].toSorted(([a], [b]) => compare(a, b));
}

/** Joins the replicas of one path. The oldest decides protocol and destination; others that differ are ignored. */
function joinPath([key, group]: readonly [key: string, group: PathMember[]]): {
  path: PathRoute;
  remarks: readonly Diagnostic[];
} {
  const first = group[0]!;
  const { path, protocol, destination } = first.resolved.route;
  const agrees = ({ resolved: { route } }: PathMember): boolean =>
    route.protocol === protocol && route.destination === destination;
  const replicas = group.filter(agrees);
  const options = mergeOptions(
    replicas.map(({ evaluation }) => ({ subject: evaluation.subject, values: evaluation.options.path })),
    PATH_OPTIONS,
  );
  const proxied = destination === undefined ? protocol : `${protocol} to ${destination}`;
  const problem = `protocol conflict on ${key}: container ${first.evaluation.subject.container} was created first and uses ${proxied}`;
  const others = group
    .filter((one) => !agrees(one))
    .map(({ evaluation: { subject } }) =>
      diagnostic(subject, "protocol.conflict", { problem, hint: "set the same protocol and destination on both" }),
    );
  return {
    path: {
      path,
      protocol,
      ...(destination !== undefined && { destination }),
      options: options.values,
      servers: replicasOf(replicas),
    },
    remarks: [...options.remarks, ...others],
  };
}

function replicasOf(members: readonly PathMember[]): UpstreamServer[] {
  const replicas = new Map<string, UpstreamServer>();
  for (const { resolved } of members.toSorted((a, b) => compare(a.evaluation.order, b.evaluation.order))) {
    const { server } = resolved;
    const endpoint = `${server?.address} ${server?.port}`;
    if (server && !replicas.has(endpoint)) replicas.set(endpoint, server);
  }
  return [...replicas.values()];
}

function hostDiagnostics(evaluations: readonly Evaluation[], conflicts: readonly Diagnostic[]): HostDiagnostic[] {
  const own = evaluations.flatMap(({ unrouted, remarks }) => [...(unrouted ? [unrouted] : []), ...remarks]);
  return [...own, ...conflicts].map(({ container, code, reason, redacted = reason }) => ({
    container,
    code,
    reason: redacted,
  }));
}
