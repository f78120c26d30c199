import { compare } from "./compare.ts";
import { diagnostic, type Diagnostic, type DiagnosticSubject } from "./diagnostic.ts";
import type { Evaluation, ResolvedRoute } from "./evaluation.ts";
import type { HostName } from "./grammar.ts";
import { shellArgument } from "./shell-argument.ts";
import { mergeOptions } from "./option.ts";
import { HOST_OPTIONS, type HostOptions, PATH_OPTIONS, type PathOptions } from "./options.ts";
import { OPERATOR } from "./owner.ts";
import { pathKey } from "./path-match.ts";
import type { HostPorts } from "./requested-route.ts";
import { parseStreamName } from "./stream-name.ts";
import type { HostDiagnostic, PathRoute, UpstreamServer, VirtualHost } from "./routes.ts";

export interface JoinedHost {
  /** Undefined if its owner has no container for it. */
  readonly virtualHost: VirtualHost | undefined;
  /** Conflicts that an older container decides. */
  readonly remarks: readonly Diagnostic[];
}

export interface JoinRules {
  /** Whether containers may request permanent redirects. */
  readonly permanentRedirects?: boolean;
  /** Default for hosts whose containers do not set it. */
  readonly debugEndpoint?: boolean;
  /** The operator's file with a server of this name. */
  readonly operatorFile?: string;
}

interface Member {
  readonly evaluation: Evaluation;
  readonly routes: readonly ResolvedRoute[];
}

/**
 * Joins the routes of all containers that request one host, oldest first (pure). Without an `owner` all of them serve
 * it, otherwise those of the owner and static routes. In a conflict the oldest container prevails, and the others get a
 * diagnostic.
 */
export function joinHost(
  host: HostName,
  byAge: readonly Evaluation[],
  owner: string | undefined,
  { permanentRedirects = false, debugEndpoint = false, operatorFile }: JoinRules,
): JoinedHost {
  const isOwners = (one: Evaluation): boolean => owner === undefined || [owner, OPERATOR].includes(one.owner);
  const owned = byAge.filter(isOwners);
  const remarks = byAge
    .filter((one) => !isOwners(one))
    .map(({ subject }) => ownedByOther(subject, host, owner!, operatorFile));
  const running = owned.filter(({ isStopped = false }) => !isStopped);
  const isServed = running.some((one) => !isDoubtful(one, host));
  const active = isServed || (running.length > 0 && owned.every((one) => isDoubtful(one, host))) ? running : owned;
  if (active.length === 0) return { virtualHost: undefined, remarks };
  const members = active
    .map((evaluation) => ({ evaluation, routes: evaluation.routes.filter(({ route }) => route.host === host) }))
    .filter(({ routes }) => routes.length > 0);
  if (members.length === 0) return redirected(host, active, remarks, permanentRedirects);
  // As in nginx-proxy, ports of VIRTUAL_HOST_MULTIPORTS prevail over EXTERNAL_*_PORT of other containers.
  const multiports = members.find(({ routes }) => Object.keys(portsOf(routes)).length > 0);
  const prevailing = multiports ? portsOf(multiports.routes) : {};
  const own = members.map(({ evaluation, routes }) => {
    const { subject, createdAt, options } = evaluation;
    return { subject, createdAt, values: { ...options.host, ...absent(prevailing), ...portsOf(routes) } };
  });
  if (multiports) remarks.push(...members.flatMap((one) => overruled(host, one, multiports)));
  const options = mergeOptions<HostOptions>(own, HOST_OPTIONS);
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

/** The same keys without values. */
function absent(ports: HostPorts): HostPorts {
  return Object.fromEntries(Object.keys(ports).map((key) => [key, undefined]));
}

/** Reports ports of a container that those of another one's VIRTUAL_HOST_MULTIPORTS replace. */
function overruled(host: HostName, { evaluation, routes }: Member, multiports: Member): Diagnostic[] {
  const [own, prevailing] = [{ ...evaluation.options.host, ...portsOf(routes) }, portsOf(multiports.routes)];
  const keys = ["httpPort", "httpsPort"] as const;
  return keys
    .filter(
      (key) => Object.keys(portsOf(routes)).length === 0 && prevailing[key] && own[key] && own[key] !== prevailing[key],
    )
    .map((key) => {
      const problem = `conflicts with VIRTUAL_HOST_MULTIPORTS of container ${multiports.evaluation.subject.container}, which sets the port of ${host}`;
      const hint = "set the same value on both";
      return diagnostic(evaluation.subject, "option.conflict", { where: HOST_OPTIONS[key].env!, problem, hint });
    });
}

/** Whether no port of a container for this host is probably that of a web server. */
function isDoubtful({ routes }: Evaluation, host: HostName): boolean {
  const own = routes.filter(({ route }) => route.host === host);
  return own.length > 0 && own.every((one) => one.isDoubtful);
}

/** No container serves this name, but at least one redirects it. */
function redirected(
  host: HostName,
  [first, ...others]: readonly Evaluation[],
  remarks: readonly Diagnostic[],
  isPermanent: boolean,
): JoinedHost {
  const redirectTo = first!.routes[0]!.route.host;
  const { redirectFrom: _, ...options } = first!.options.host;
  const problem = `${host} already redirects to ${redirectTo} by container ${first!.subject.container}`;
  const conflicts = others
    .filter(({ routes }) => routes[0]!.route.host !== redirectTo)
    .map(({ subject }) => diagnostic(subject, "host.conflict", { problem, hint: "redirect it by one container only" }));
  const redirectStatus = isPermanent || first!.owner === OPERATOR ? 301 : 302;
  return {
    virtualHost: { host, paths: [], options, redirectTo, redirectStatus },
    remarks: [...remarks, ...conflicts],
  };
}

function ownedByOther(
  subject: DiagnosticSubject,
  host: HostName,
  owner: string,
  operatorFile: string | undefined,
): Diagnostic {
  if (operatorFile !== undefined) {
    const taken = `${host} is a \`server_name\` in ${operatorFile}, a file of the operator, which nginx uses`;
    const remedy = "remove the name from the file, or use another name";
    return diagnostic(subject, "host.conflict", { problem: taken, hint: remedy, hosts: [host] });
  }
  const isStatic = owner === OPERATOR;
  const problem = isStatic
    ? `${host} belongs to a static route of the configuration`
    : `${host} belongs to ${owner}, which requested it first`;
  const hint = isStatic
    ? "use another name, or reserve the name for the container's project by `owners`"
    : `use another name, set \`sharedHosts: true\` to share names, or run \`sallyport-renderer release ${shellArgument(host)}\` when its owner is gone`;
  return diagnostic(subject, "host.conflict", { problem, hint });
}

function portsOf(routes: readonly ResolvedRoute[]): HostPorts {
  return routes.find(({ route }) => route.ports !== undefined)?.route.ports ?? {};
}

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

/**
 * Joins the replicas of one path: the containers of one service, those of other services on the same port, and those
 * that a label makes replicas. The oldest decides, or of its owner's services the oldest whose port is not doubtful.
 * Others are ignored. The path of a static route has only the servers that the operator lists.
 */
function joinPath([key, group]: readonly [key: string, group: PathMember[]]): {
  path: PathRoute;
  remarks: readonly Diagnostic[];
} {
  const first = leaderOf(group);
  const { path, protocol, destination } = first.resolved.route;
  const isStatic = first.evaluation.owner === OPERATOR;
  const agrees = (one: PathMember): boolean => {
    const { route } = one.resolved;
    if (isStatic) return one.evaluation.owner === OPERATOR;
    return route.protocol === protocol && route.destination === destination && isReplica(one, first);
  };
  const replicas = group.filter(agrees);
  const options = mergeOptions<PathOptions>(
    replicas.map(({ evaluation }) => ({ subject: evaluation.subject, values: evaluation.options.path })),
    PATH_OPTIONS,
  );
  const faults = [...replicas.flatMap(({ evaluation }) => evaluation.faults ?? []), ...options.faults];
  const others = group.filter((one) => !agrees(one)).map((one) => notJoined(key, one, first));
  const mixed = replicas.filter(({ evaluation }) => isMixed(evaluation, first.evaluation));
  const servers = serversOf(replicas, ({ server }) => server);
  const draining = serversOf(replicas, (one) => one.draining);
  return {
    path: {
      path,
      protocol,
      ...(destination !== undefined && { destination }),
      options: options.values,
      ...(isStatic && { isOperators: true }),
      servers,
      ...(draining.length > 0 && servers.length > 0 && { draining }),
      ...(faults.length > 0 && { faults: faults.map(({ container, reason }) => ({ container, reason })) }),
    },
    remarks: [...options.remarks, ...others, ...mixed.map((one) => alsoServes(key, one, first))],
  };
}

function leaderOf(group: readonly PathMember[]): PathMember {
  const [oldest] = group;
  const own = group.filter(({ evaluation }) => evaluation.owner === oldest!.evaluation.owner);
  return own.find(({ resolved }) => !resolved.isDoubtful) ?? oldest!;
}

function isReplica({ evaluation, resolved }: PathMember, leader: PathMember): boolean {
  if (evaluation.isReplica || evaluation.service === leader.evaluation.service) return true;
  // Two databases on one port are no replicas of each other.
  if (parseStreamName(resolved.route.host)) return false;
  return resolved.port === leader.resolved.port && (!resolved.isDoubtful || leader.resolved.isDoubtful);
}

/** Whether two services serve one path without a label for it. A service is known only of Compose's containers. */
function isMixed(one: Evaluation, leader: Evaluation): boolean {
  const isService = [one, leader].every(({ service }) => service.startsWith("service "));
  return isService && !one.isReplica && one.service !== leader.service;
}

const OTHER_SERVICE = "remove VIRTUAL_HOST from one of them (does an `env_file` set it for both?)";

function notJoined(key: string, one: PathMember, leader: PathMember): Diagnostic {
  const { subject, service, owner } = leader.evaluation;
  const { protocol, destination } = leader.resolved.route;
  const own = one.evaluation.subject;
  if (owner === OPERATOR) {
    const problem = `${key} belongs to a static route of the configuration`;
    return diagnostic(own, "host.conflict", { problem, hint: "use another path" });
  }
  if (!isReplica(one, leader)) {
    const { host } = leader.resolved.route;
    const place = parseStreamName(host) ? host : `${key} of ${host}`;
    const problem = `${place} is served by ${service} on port ${leader.resolved.port}, and ${one.evaluation.service} on port ${one.resolved.port} is not a replica of it`;
    const hint = `${OTHER_SERVICE}, or set the label \`sallyport.replica=true\``;
    return diagnostic(own, "replica.none", { problem, hint });
  }
  const proxied = destination === undefined ? protocol : `${protocol} to ${destination}`;
  const problem = `protocol conflict on ${key}: container ${subject.container} was created first and uses ${proxied}`;
  return diagnostic(own, "protocol.conflict", { problem, hint: "set the same protocol and destination on both" });
}

function alsoServes(key: string, { evaluation }: PathMember, leader: PathMember): Diagnostic {
  const problem = `requests to ${key} of ${leader.resolved.route.host} go to ${evaluation.service} and ${leader.evaluation.service}, on the same port`;
  const hint = `${OTHER_SERVICE}, or set the label \`sallyport.replica=true\` to confirm`;
  return diagnostic(evaluation.subject, "replica.mixed", { problem, hint });
}

function serversOf(
  members: readonly PathMember[],
  serverOf: (resolved: ResolvedRoute) => UpstreamServer | undefined,
): UpstreamServer[] {
  const replicas = new Map<string, UpstreamServer>();
  for (const { resolved } of members.toSorted((a, b) => compare(a.evaluation.order, b.evaluation.order))) {
    const server = serverOf(resolved);
    const endpoint = `${server?.address} ${server?.port}`;
    if (server && !replicas.has(endpoint)) replicas.set(endpoint, server);
  }
  return [...replicas.values()];
}

function hostDiagnostics(evaluations: readonly Evaluation[], conflicts: readonly Diagnostic[]): HostDiagnostic[] {
  const own = evaluations.flatMap(({ unrouted, faults = [], remarks }) => [
    ...(unrouted ? [unrouted] : []),
    ...faults,
    ...remarks,
  ]);
  return [...own, ...conflicts].map(({ container, code, reason, redacted = reason }) => ({
    container,
    code,
    reason: redacted,
  }));
}
