import { namesIn } from "../disk/read-or-empty.ts";
import type { Config } from "../config/schema.ts";
import { expectedServices, hostsOf, type Service } from "../import/nginx-proxy/expectation.ts";
import type { Note } from "../import/note.ts";
import type { Environment } from "../import/nginx-proxy/setting.ts";
import { sentence } from "../import/print.ts";
import { keyOf, type InventoryContainer } from "../inventory/inventory-change.ts";
import { hostAccess } from "../nginx/access.ts";
import { nginxSettingsFor, withoutContested } from "../nginx/contested-ports.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import { schemesOf } from "../nginx/schemes.ts";
import { buildReport, type TargetStatus } from "../status/build-report.ts";
import { printable } from "../status/printable.ts";
import { availabilityOf, closuresOf, type Report, type VirtualHostReport } from "../status/report.ts";
import { loadGroups } from "../targets/load-groups.ts";
import { collectInventory } from "./collect-inventory.ts";
import { type CommandResult, EX_CONFIG, failed, printed } from "./result.ts";

/**
 * Compares, host by host, what nginx-proxy does with the running containers and what Sallyport would do. Changes nothing.
 * Exit code 1 if something differs.
 */
export async function rehearse(config: Config, env: Environment, notes: readonly Note[]): Promise<CommandResult> {
  const groups = await loadGroups(config, { log: () => undefined });
  if ("problems" in groups) return failed(groups.problems, EX_CONFIG);
  const known = new Map<string, InventoryContainer>();
  try {
    const error = await collectInventory(config, (change) => {
      for (const one of change.upserted) known.set(keyOf(one), one);
      for (const group of groups) group.apply(change, false);
    });
    if (error !== undefined) return failed(error, 1);
    for (const group of groups) group.apply({ upserted: [], gone: [] }, true);
    for (const group of groups) {
      const next = await group.next();
      if (next && next.kind !== "revision") return failed(next.kind === "blocked" ? next.reason : next.error, 1);
    }
    const statuses = groups.flatMap((group) => group.statuses);
    return compare([...known.values()], statuses, config, env, notes);
  } finally {
    for (const group of groups) await group.stop();
  }
}

function compare(
  known: readonly InventoryContainer[],
  statuses: readonly TargetStatus[],
  config: Config,
  env: Environment,
  notes: readonly Note[],
): CommandResult {
  const containers = known.map(({ container }) => container);
  const report = buildReport({ agents: [], targets: statuses, containers: known });
  const expected = expectedServices(containers, env, stemsIn(certificatesOf(config)));
  const actual = servicesOf(report, statuses);
  const hosts = [...new Set([...expected.keys(), ...actual.keys()])].toSorted();
  const rejected = new Set((env["SALLYPORT_REJECTED_CERTIFICATES"] ?? "").split(/\s+/));
  const blocks = hosts.map((host) => {
    const before = expected.get(host);
    const found = actual.get(host);
    const isRejected = found?.certificate !== undefined && rejected.has(found.certificate);
    const after = isRejected ? undefined : found;
    const why = [
      ...(isRejected ? [`nginx rejects certificate ${found?.certificate}, whose key is another one's or damaged`] : []),
      ...reasonsFor(
        host,
        report,
        new Set(containers.filter((one) => hostsOf(one).includes(host)).map((one) => one.name)),
      ),
    ];
    const isSame = before !== undefined && after !== undefined && describe(before) === describe(after);
    const lines = isSame
      ? [`  same:        ${describe(after)}`]
      : [`  nginx-proxy: ${describe(before)}`, `  Sallyport:   ${describe(after)}`];
    return {
      isSame,
      text: [printable(host), ...lines, ...why.map((reason) => `  because:     ${printable(reason)}`)].join("\n"),
    };
  });
  const files = report.warnings
    .filter(({ code }) => code === "file.unused")
    .map(({ name, reason }) => `${name}: ${reason}`);
  const differing = blocks.filter(({ isSame }) => !isSame).length;
  const summary = `${hosts.length} hosts, ${differing} of them differ`;
  const all = [...blocks.map(({ text }) => text), ...files.map(printable), ...notes.map(sentence), summary];
  return printed(`${all.join("\n")}\n`, differing > 0 ? 1 : 0);
}

function certificatesOf({ targets }: Config): string {
  const [target] = targets;
  return target?.kind === "nginx" ? (target.https?.certificates ?? "") : "";
}

/** Names of the certificates that have a key: nginx-proxy reads no more of them. */
function stemsIn(directory: string): ReadonlySet<string> {
  const names = new Set(namesIn(directory));
  const stems = [...names].flatMap((name) => /^(.+)\.crt$/.exec(name)?.[1] ?? []);
  return new Set(stems.filter((stem) => names.has(`${stem}.key`)));
}

function servicesOf(report: Report, statuses: readonly TargetStatus[]): ReadonlyMap<string, Service> {
  const reports = new Map(report.virtualHosts.map((one) => [one.host, one]));
  return new Map(
    statuses.flatMap(({ routes, settings }) => {
      if (!routes || !settings) return [];
      const resolved = nginxSettingsFor(routes.virtualHosts, settings);
      return routes.virtualHosts.flatMap((one): [string, Service][] => {
        const found = reports.get(one.host);
        return found ? [[one.host, serviceOf(one, found, resolved)]] : [];
      });
    }),
  );
}

function serviceOf(
  host: Parameters<typeof hostAccess>[0],
  report: VirtualHostReport,
  settings: NginxSettings,
): Service {
  const options = withoutContested(hostAccess(host, settings).options, settings);
  const schemes = schemesOf({ host: host.host, options }, settings.https?.certificates);
  const containers = [...new Set(report.paths.flatMap(({ servers }) => servers.map(({ container }) => container)))];
  const isServed = schemes.servesHttp && availabilityOf(report) !== "none";
  return {
    http: schemes.redirectsToHttps ? "redirected to HTTPS" : isServed ? "served" : "503",
    certificate: schemes.certificate?.stem,
    containers: availabilityOf(report) === "none" ? [] : containers.toSorted(),
  };
}

function describe(service: Service | undefined): string {
  if (!service) return "no virtual host, HTTP returns 503";
  const { http, certificate, containers } = service;
  const tls = certificate === undefined ? "TLS rejected" : `TLS with certificate ${certificate}`;
  const by = containers.length === 0 ? "no container, apps return 503" : `containers ${containers.join(" ")}`;
  return printable(`HTTP ${http}, ${tls}, ${by}`);
}

/** Returns what Sallyport reports of a host, of its certificates and of the containers that request it. */
function reasonsFor(host: string, report: Report, containers: ReadonlySet<string>): string[] {
  const found = report.virtualHosts.find((one) => one.host === host);
  const entries = [...report.quarantined, ...report.unrouted, ...report.warnings].filter(
    ({ name, code }) => code !== "file.unused" && (containers.has(name) || name === host),
  );
  const parent = host.slice(host.indexOf(".") + 1);
  const certificates = report.certificates.filter(
    ({ name, error }) => error !== undefined && [host, parent].includes(name),
  );
  return [
    ...new Set([
      ...(found ? closuresOf(found) : []),
      ...(found?.unavailable ?? []).map(({ container, reason }) => `container ${container}: ${reason}`),
      ...(found?.conflicts ?? []).map(({ container, reason }) => `container ${container}: ${reason}`),
      ...entries.map(({ name, reason }) => (name === host ? reason : `container ${name}: ${reason}`)),
      ...certificates.map(({ name, error }) => `certificate ${name}: ${error}`),
    ]),
  ];
}
