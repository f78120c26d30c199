import type { InventoryContainer } from "../inventory/inventory-change.ts";
import {
  diagnostic,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticSubject,
  type Problem,
  subjectOf,
  withheld,
} from "./diagnostic.ts";
import { type HostName, parseHostEntry, parsePort, splitList, unquoted } from "./grammar.ts";
import { hostByRule } from "./host-rule.ts";
import { parseMultiports } from "./multiports.ts";
import {
  IGNORED,
  imageRemark,
  namesOf,
  type OptionFault,
  type OptionNames,
  parseOptions,
  type RawOption,
  rawOption,
  UNTIL_THEN,
} from "./option.ts";
import {
  HOST_OPTIONS,
  type HostOptions,
  PATH_OPTIONS,
  type PathOptions,
  SERVER_OPTIONS,
  type ServerOptions,
} from "./options.ts";
import { parseBoolean } from "./option-values.ts";
import { projectOf } from "./owner.ts";
import { UnknownNameFinder } from "./unknown-names.ts";
import { type InvalidValue, parseRoute, type RawRoute, type RequestedRoute, unusablePorts } from "./requested-route.ts";
import { violatedReservation } from "./reserved-names.ts";
import { DEFAULT_MAX_ROUTES, type RequestRules } from "./route-rules.ts";
import { parseStreamName } from "./stream-name.ts";
import { parseStreams, STREAM_OPTIONS } from "./stream-request.ts";

export interface RouteRequest {
  /** At least one; no two of the same host, path and port. */
  readonly routes: readonly RequestedRoute[];
  readonly host: HostOptions;
  readonly path: PathOptions;
  readonly server: ServerOptions;
  readonly network?: string;
  readonly remarks: readonly Diagnostic[];
  /** Options that would restrict access and cannot be applied: its paths are closed. */
  readonly faults: readonly Diagnostic[];
}

export type ParsedRequest =
  | { readonly kind: "ok"; readonly request: RouteRequest }
  | { readonly kind: "unrouted"; readonly diagnostic: Diagnostic }
  | { readonly kind: "quarantined"; readonly diagnostic: Diagnostic };

const TO_ROUTE = "correct it to route the container";

const HOST = { env: "VIRTUAL_HOST", label: "host", isRequest: true };
const PORT = { env: "VIRTUAL_PORT", label: "port" };
const PATH = { env: "VIRTUAL_PATH", label: "path" };
const DESTINATION = { env: "VIRTUAL_DEST", label: "dest" };
const PROTOCOL = { env: "VIRTUAL_PROTO", label: "proto" };
const MULTIPORTS = { env: "VIRTUAL_HOST_MULTIPORTS", label: "multiports", isRequest: true };
const NETWORK = { label: "network" };
const ENABLE = { label: "enable", isRequest: true };

/** Options that request a route; all other options are in options.ts. */
export const ROUTE_NAMES = [HOST, PORT, PATH, DESTINATION, PROTOCOL, MULTIPORTS, NETWORK, ENABLE];

export const STREAM_NAMES: readonly OptionNames[] = Object.values(STREAM_OPTIONS);

/** Options of which one must be set. */
const REQUESTS = { http: [MULTIPORTS, HOST], stream: STREAM_NAMES } as const;

const UNKNOWN_NAMES = new UnknownNameFinder([
  ...ROUTE_NAMES,
  ...STREAM_NAMES,
  ...Object.values(HOST_OPTIONS),
  ...Object.values(PATH_OPTIONS),
  ...Object.values(SERVER_OPTIONS),
]);

export function requestsRoute({ container: { env, labels } }: InventoryContainer): boolean {
  const isSet = (names: OptionNames): boolean =>
    namesOf(names, "env").some((name) => Object.hasOwn(env, name)) ||
    namesOf(names, "label").some((name) => Object.hasOwn(labels, name));
  return [...ROUTE_NAMES, ...STREAM_NAMES].some(isSet);
}

/** Returns the host name that the operator's rule gives a container; undefined if the container needs or has none. */
export function nameByRule(
  known: InventoryContainer,
  { hostRule, permissions }: Pick<RequestRules, "hostRule" | "permissions">,
): string | undefined {
  const isNamed = REQUESTS.http.some((names) => rawOption(known, names, permissions));
  const enabled = parseBoolean(rawOption(known, ENABLE, permissions)?.raw ?? "false");
  if (hostRule === undefined || isNamed || enabled.kind === "invalid" || !enabled.value) return undefined;
  const found = hostByRule(hostRule, known.container);
  return "host" in found ? found.host : undefined;
}

type RouteOption = Required<Pick<OptionNames, "env" | "label">>;

const FIELDS: Readonly<Record<"path" | "port" | "protocol", readonly [RouteOption, DiagnosticCode]>> = {
  path: [PATH, "path.refused"],
  port: [PORT, "port.refused"],
  protocol: [PROTOCOL, "protocol.refused"],
};

/** Parses a container's route request. Invalid entries are ignored; without a valid one the container is quarantined. */
export function parseRequest(known: InventoryContainer, rules: RequestRules): ParsedRequest {
  return new Parser(known, rules).parse();
}

interface ParsedRoutes {
  readonly routes: readonly RequestedRoute[];
  readonly remarks: readonly Diagnostic[];
  readonly faults?: readonly OptionFault[];
}

const NO_STREAM = {
  problem: "has no label `sallyport.tcp`, `sallyport.udp` or `sallyport.sni`",
  hint: "set one to publish a port",
};

const STREAM_HINT = "use `sallyport.allow`, `sallyport.max-connections` or another value";

const STREAM_UNTIL_THEN = "until then the container's streams are closed";

/** The host names that a container may use, and a diagnostic for each of the others. */
interface CheckedHosts {
  readonly allowed: ReadonlySet<HostName>;
  readonly reserved: readonly Diagnostic[];
}

class Parser {
  readonly #known: InventoryContainer;
  readonly #subject: DiagnosticSubject;
  readonly #rules: RequestRules;
  readonly #isStream: boolean;

  constructor(known: InventoryContainer, rules: RequestRules) {
    this.#known = known;
    this.#subject = subjectOf(known);
    this.#rules = rules;
    this.#isStream = rules.context === "stream";
  }

  parse(): ParsedRequest {
    const { refused, unread, problem: error } = this.#known.container;
    const requesting = this.#isStream ? [...STREAM_NAMES, NETWORK] : ROUTE_NAMES;
    const refusal = refused.find(({ from, name }) => requesting.some((option) => namesOf(option, from).includes(name)));
    if (this.#isStream && refusal?.reason === "name.unknown") {
      const problem = "the agent's policy does not disclose this label";
      const hint = "list it in `labels` of the agent's policy";
      return { kind: "quarantined", diagnostic: this.#report("value.refused", { where: refusal.name, problem, hint }) };
    }
    if (refusal) return { kind: "quarantined", diagnostic: withheld(this.#subject, "value.refused", refusal) };
    if (unread) {
      const cause = error === undefined ? "" : ` (${error})`;
      const problem = `the agent could not inspect the container${cause}, so its environment is unknown`;
      const hint = "see the log of Docker; the agent retries";
      return { kind: "quarantined", diagnostic: this.#report("never.read", { problem, hint }) };
    }
    const parsed = this.#parseRoutes();
    if (!parsed) return { kind: "unrouted", diagnostic: this.#requestsNothing() };
    const hosts = [...new Set(parsed.routes.map(({ host }) => host))];
    const { allowed, reserved } = this.#checkOwners(
      this.#isStream ? this.#nameOf(STREAM_OPTIONS.tls) : HOST.env,
      hosts,
    );
    const routes = parsed.routes.filter(({ host }) => allowed.has(host));
    // The agent decided by their content, which the operator cannot foresee. Other values of templates are not reported.
    const withReason = (reason: string) => refused.filter((one) => one.reason === reason && !isOption(one.name));
    // One name stands for all above the limit.
    const others = [...withReason("value.secret"), ...withReason("container.names").slice(0, 1)].map((one) =>
      withheld(this.#subject, "value.refused", one),
    );
    const remarks = [...reserved, ...parsed.remarks, ...others];
    if (routes.length > 0) return { kind: "ok", request: this.#withOptions(routes, remarks, parsed.faults) };
    return { kind: "quarantined", diagnostic: remarks[0] ?? this.#noHost(HOST.env, "") };
  }

  /** Returns undefined if the container requests no stream. */
  #parseStreams(): ParsedRoutes | undefined {
    const found = (["tcp", "udp", "tls"] as const).flatMap((protocol) => {
      const option = this.#read(STREAM_OPTIONS[protocol]);
      return option ? parseStreams(this.#known, protocol, option, this.#rules.streams ?? { ports: [] }) : [];
    });
    if (found.length === 0) return undefined;
    const routes = found.flatMap((one) => one.routes);
    const { used, tooMany } = this.#limited(
      "labels",
      routes.map(({ host }) => host),
    );
    const problems = found.flatMap((one) => one.problems).map((one) => this.#report("port.refused", one));
    return { routes: routes.slice(0, used.length), remarks: [...problems, ...tooMany] };
  }

  /** Returns undefined if the container requests no route. */
  #parseRoutes(): ParsedRoutes | undefined {
    const enable = this.#read(ENABLE);
    const isEnabled = enable && parseBoolean(enable.raw);
    if (isEnabled?.kind === "invalid") {
      const refused = { where: enable!.name, value: enable!.raw, problem: isEnabled.reason, hint: TO_ROUTE };
      return { routes: [], remarks: [this.#report("host.refused", refused)] };
    }
    if (isEnabled?.value === false) return undefined;
    if (this.#isStream) return this.#parseStreams();
    const multiports = this.#read(MULTIPORTS);
    if (multiports) return parseMultiports(this.#subject, multiports, this.#rules);
    const option = this.#read(HOST);
    if (option) return this.#parseVirtualHost(option);
    return isEnabled?.value ? this.#parseByRule() : undefined;
  }

  #parseByRule(): ParsedRoutes {
    const { hostRule } = this.#rules;
    const where = `sallyport.${ENABLE.label}`;
    const refused = (problem: string): ParsedRoutes => ({
      routes: [],
      remarks: [
        this.#report("host.refused", { where, problem, hint: "set VIRTUAL_HOST, or the label `sallyport.host`" }),
      ],
    });
    if (hostRule === undefined) return refused("the container has no host name, and `routing.hostRule` is not set");
    const found = hostByRule(hostRule, this.#known.container);
    if ("missing" in found)
      return refused(`\`routing.hostRule\` needs ${found.missing}, which the container does not have`);
    return this.#parseVirtualHost({ name: "routing.hostRule", raw: found.host });
  }

  #requestsNothing(): Diagnostic {
    const requests = REQUESTS[this.#rules.context ?? "http"];
    const ofImage = requests.flatMap((names) => imageRemark(this.#known, names, this.#rules.permissions) ?? []);
    const unknown = UNKNOWN_NAMES.find(this.#known).misspelled.find(({ meant }) =>
      requests.some(({ label }) => label === meant),
    );
    const enable = this.#read(ENABLE)?.raw;
    const isEnabled = parseBoolean(enable ?? "true");
    const { hostRule } = this.#rules;
    const byRule = hostRule === undefined || this.#isStream ? undefined : hostByRule(hostRule, this.#known.container);
    const hosts = byRule && "host" in byRule ? [byRule.host] : [];
    if (isEnabled.kind === "ok" && !isEnabled.value) {
      return this.#report("host.none", {
        problem: `sallyport.${ENABLE.label} is ${enable}`,
        hint: "set it to true to route the container",
        hosts,
      });
    }
    if (this.#isStream) return ofImage[0] ?? this.#report(unknown ? "host.none" : "stream.none", unknown ?? NO_STREAM);
    const streams = this.#streamRemarks();
    const isEmpty = Object.hasOwn(this.#known.container.env, HOST.env);
    const none = isEmpty
      ? {
          problem: "VIRTUAL_HOST is empty",
          hint: "write a name; Compose replaces a variable that is not set by nothing",
        }
      : hosts[0] !== undefined
        ? {
            problem: "has no VIRTUAL_HOST, and is not enabled for `routing.hostRule`",
            hint: `set the label \`sallyport.enable=true\` to route it as ${hosts[0]}, or set VIRTUAL_HOST`,
          }
        : {
            problem: "has no VIRTUAL_HOST",
            hint: this.#known.container.task
              ? "to route it, set the label `sallyport.host` of the service, in a stack under `deploy: labels`"
              : "to route it, set VIRTUAL_HOST under `environment`, or the label `sallyport.host` under `labels` of the service (not under `deploy` or `build`)",
          };
    return ofImage[0] ?? streams[0] ?? this.#report("host.none", { ...(unknown ?? none), hosts });
  }

  /** Reports the streams that the container requests, if no target serves them. */
  #streamRemarks(): Diagnostic[] {
    if (this.#isStream || this.#rules.streams) return [];
    return STREAM_NAMES.flatMap((names) => {
      const option = this.#read(names);
      const problem = "the operator offers no ports for TCP, UDP or TLS by server name";
      const hint = "set `streams` in the nginx target of the renderer's configuration, or remove the label";
      return option ? this.#report("port.refused", { where: option.name, problem, hint }) : [];
    });
  }

  #read(names: OptionNames): RawOption | undefined {
    return rawOption(this.#known, names, this.#rules.permissions);
  }

  #parseVirtualHost(option: RawOption): ParsedRoutes {
    const { hosts, remarks } = this.#parseHosts(option);
    if (hosts.length === 0) return { routes: [], remarks };
    const optionOf = (names: RouteOption): RawOption => this.#read(names) ?? { name: names.env, raw: "" };
    const [path, port, protocol, destination] = [PATH, PORT, PROTOCOL, DESTINATION].map((names) => optionOf(names).raw);
    const raw = { host: hosts[0]!, path: path!, port: port!, protocol: protocol!, destination: destination! };
    const parsed = parseRoute(raw, this.#rules);
    if (parsed.kind === "invalid") {
      const [names, code] = FIELDS[parsed.field];
      const { problem, hint = TO_ROUTE } = problemOf(parsed, raw, this.#rules);
      const reported = { where: optionOf(names).name, value: parsed.value, problem, hint, hosts };
      return { routes: [], remarks: [this.#report(code, reported)] };
    }
    const where = optionOf(DESTINATION).name;
    const ignored = parsed.ignored.map(({ value, reason: problem }) =>
      this.#report("option.refused", { where, value, problem, hint: IGNORED }),
    );
    return { routes: hosts.map((host) => ({ ...parsed.route, host })), remarks: [...remarks, ...ignored] };
  }

  #parseHosts({ name: where, raw }: RawOption): { hosts: HostName[]; remarks: Diagnostic[] } {
    const hosts = new Set<HostName>();
    const remarks: Diagnostic[] = [];
    for (const value of splitList(raw)) {
      const parsed = parseHostEntry(value, this.#rules.permissions?.has("regex"));
      if (parsed.kind === "ok") {
        for (const host of parsed.value) hosts.add(host);
        continue;
      }
      const { reason: problem, hint = "correct it to route the host" } = parsed;
      remarks.push(this.#report("host.refused", { where, value, problem, hint, hosts: [value] }));
    }
    if (hosts.size === 0 && remarks.length === 0) remarks.push(this.#noHost(where, raw));
    const { used, tooMany } = this.#limited(where, [...hosts]);
    return { hosts: used, remarks: [...remarks, ...tooMany] };
  }

  #nameOf(names: OptionNames): string {
    return namesOf(names, "label")[0]!;
  }

  #checkOwners(where: string, hosts: readonly HostName[]): CheckedHosts {
    const project = projectOf(this.#known.container);
    const allowed = new Set<HostName>();
    const reserved: Diagnostic[] = [];
    for (const host of hosts) {
      const { name = host } = parseStreamName(host) ?? {};
      const violated = violatedReservation(name as HostName, project, this.#rules.owners ?? []);
      if (!violated) allowed.add(host);
      else {
        const { suffix, projects } = violated;
        const problem = `${suffix} is reserved for ${project === undefined ? "" : "other "}compose projects (${projects.join(", ")})`;
        const hint = "use another name, or add the container's project to `owners`";
        reserved.push(this.#report("host.owned", { where, value: host, problem, hint, hosts: [host] }));
      }
    }
    return { allowed, reserved };
  }

  #withOptions(
    routes: readonly RequestedRoute[],
    remarks: readonly Diagnostic[],
    requested: readonly OptionFault[] = [],
  ): RouteRequest {
    const permissions = this.#rules.permissions ?? new Set();
    const host = parseOptions<HostOptions>(this.#known, HOST_OPTIONS, permissions);
    const path = parseOptions<PathOptions>(this.#known, PATH_OPTIONS, permissions);
    const server = parseOptions<ServerOptions>(this.#known, SERVER_OPTIONS, permissions);
    const network = this.#read(NETWORK)?.raw;
    const unusable = unusablePorts(host.values, this.#rules);
    const portFaults = [...unusable].map(([key, problem]) =>
      this.#report("option.refused", { where: HOST_OPTIONS[key].env!, problem, hint: IGNORED }),
    );
    const unknown = UNKNOWN_NAMES.find(this.#known);
    const faults = [...requested, ...host.faults, ...path.faults, ...server.faults, ...unknown.faults];
    const misspelled = unknown.misspelled.map((problem) => this.#report("option.unknown", problem));
    const { redirectFrom = [], ...options } = host.values;
    for (const key of unusable.keys()) delete options[key];
    const { allowed, reserved } = this.#checkRedirects(redirectFrom, routes[0]!.host);
    const common = { routes, server: server.values, ...(network !== undefined && { network }) };
    if (this.#isStream) {
      const { values, unused } = this.#streamOptions(path.values);
      return {
        ...common,
        // Options of virtual hosts do not apply to streams.
        host: {},
        path: values,
        faults: faults.map(({ hint, ...fault }) =>
          this.#report("access.closed", { ...fault, hint: hint.replace(UNTIL_THEN, STREAM_UNTIL_THEN) }),
        ),
        remarks: [...remarks, ...path.remarks, ...server.remarks, ...misspelled, ...unused],
      };
    }
    const ofHost = [...reserved, ...portFaults, ...host.remarks];
    return {
      ...common,
      host: allowed.size === 0 ? options : { ...options, redirectFrom: [...allowed] },
      path: path.values,
      faults: faults.map((fault) => this.#report("access.closed", fault)),
      remarks: [...remarks, ...ofHost, ...path.remarks, ...server.remarks, ...misspelled, ...this.#streamRemarks()],
    };
  }

  /** Returns the options of a path that apply to streams, and a diagnostic for each of the others that is set. */
  #streamOptions({ rate, balance, ...values }: PathOptions): { values: PathOptions; unused: Diagnostic[] } {
    const isUnused = balance === "hash-uri";
    const unused = [...(rate === undefined ? [] : [PATH_OPTIONS.rate]), ...(isUnused ? [PATH_OPTIONS.balance] : [])];
    const problem = "applies to HTTP only, and not to the container's streams";
    return {
      values: { ...values, ...(balance !== undefined && !isUnused && { balance }) },
      unused: unused.map((names) =>
        this.#report("option.refused", { where: this.#nameOf(names), problem, hint: STREAM_HINT }),
      ),
    };
  }

  /** Returns the names that this container may redirect to its first host. */
  #checkRedirects(from: readonly HostName[], to: HostName): CheckedHosts {
    const where = this.#nameOf(HOST_OPTIONS.redirectFrom);
    if (from.length === 0 || /^[a-z0-9.-]+$/.test(to)) {
      const { used, tooMany } = this.#limited(where, from);
      const { allowed, reserved } = this.#checkOwners(where, used);
      return { allowed, reserved: [...reserved, ...tooMany] };
    }
    const problem = "the container's first host matches more than one name, so it cannot be the target of a redirect";
    const hint = "put a plain name first, or remove the option, which is ignored";
    return { allowed: new Set(), reserved: [this.#report("option.refused", { where, problem, hint })] };
  }

  /** Returns the first names, and a diagnostic if there are more than the limit. */
  #limited(where: string, hosts: readonly HostName[]): { used: HostName[]; tooMany: Diagnostic[] } {
    const { maxRoutes = DEFAULT_MAX_ROUTES } = this.#rules;
    const [used, dropped] = [hosts.slice(0, maxRoutes), hosts.slice(maxRoutes)];
    const problem = `has ${hosts.length} host names, of which the first ${maxRoutes} are used`;
    const hint = "raise `maxRoutes`, or use several containers or a wildcard";
    const tooMany = this.#report("host.too-many", { where, problem, hint, hosts: dropped });
    return { used, tooMany: dropped.length === 0 ? [] : [tooMany] };
  }

  #noHost(where: string, value: string): Diagnostic {
    return this.#report("host.refused", { where, value, problem: "contains no host name", hint: "add one" });
  }

  #report(code: DiagnosticCode, problem: Problem): Diagnostic {
    return diagnostic(this.#subject, code, problem);
  }
}

/** Returns what is wrong with a path, port or protocol, and what to write instead if that is known. */
function problemOf(
  { field, value, reason: problem, hint }: InvalidValue & { readonly field: "path" | "port" | "protocol" },
  route: RawRoute,
  rules: RequestRules,
): Pick<Problem, "problem" | "hint"> {
  const ports = value.split(/[\s,;]+/).map((part) => parsePort(part));
  if (field === "port" && ports.length > 1 && ports.every(({ kind }) => kind === "ok")) {
    const paths = ports.map((port, index) => [
      index === 0 ? "/" : `/path${index}/`,
      { port: port.kind === "ok" && port.value },
    ]);
    const multiports = JSON.stringify({ [route.host]: Object.fromEntries(paths) });
    return {
      problem: "a container has one port here",
      hint: `for several, write VIRTUAL_HOST_MULTIPORTS=${multiports}`,
    };
  }
  const bare = parseRoute({ ...route, [field]: unquoted(value) }, rules);
  const isQuoted = hint === undefined && unquoted(value) !== value && bare.kind === "ok";
  if (isQuoted) return { problem: "quotes are part of the value", hint: "remove the quotes" };
  return { problem, ...(hint !== undefined && { hint }) };
}

/** Whether `parseOptions` reports the name. */
function isOption(name: string): boolean {
  const options: OptionNames[] = [HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules));
  return options.some((option) => [...namesOf(option, "env"), ...namesOf(option, "label")].includes(name));
}
