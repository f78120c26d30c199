import { isIP } from "node:net";
import { MAX_COMMON_NAME, MAX_WANTED, type Wanted } from "../../acme/wanted.ts";
import type { HostName } from "../../routes/grammar.ts";
import { isPattern } from "../../routes/reserved-names.ts";
import type { HostOptions } from "../../routes/options.ts";
import type { HostOwnership, VirtualHost } from "../../routes/routes.ts";
import { hostAccess } from "../access.ts";
import type { NginxSettings } from "../settings.ts";
import { DEFAULT_STEM } from "./choose.ts";
import { requestsCertificate } from "./requested.ts";

/** A name for which no certificate is requested, although its container requires one. */
export interface RefusedName {
  readonly name: string;
  /** `<what is wrong>; <what to do>`. */
  readonly reason: string;
}

/** The certificates to get from an ACME authority. */
export interface WantedCertificates {
  readonly certificates: readonly Wanted[];
  readonly refused: readonly RefusedName[];
}

/** A virtual host that requests a certificate. */
interface Requesting {
  readonly host: HostName;
  readonly options: HostOptions;
  readonly owner: string | undefined;
  /** The names of the certificate, sorted. */
  readonly list: readonly string[];
}

/**
 * Returns the certificates that the virtual hosts request (pure). Only names of virtual hosts are requested, and only
 * together with names of the same owner.
 */
export function wantedCertificates(
  virtualHosts: readonly VirtualHost[],
  owners: ReadonlyMap<string, HostOwnership> | undefined,
  settings: NginxSettings,
): WantedCertificates {
  if (!settings.https?.acme) return { certificates: [], refused: [] };
  const routed = new Map(virtualHosts.map((one) => [one.host as string, one]));
  const ownerOf = (host: string): string | undefined => (routed.has(host) ? owners?.get(host)?.owner : undefined);
  const requesting = virtualHosts.flatMap((one) => requestOf(one, ownerOf(one.host), settings) ?? []);
  const byHost = new Map(requesting.map((one) => [one.host as string, one]));
  const groups = inTurn(groupBy(requesting, ({ list, owner }) => JSON.stringify([list, owner])));
  const refused = new Map<string, RefusedName>();
  const certificates = new Map<string, Wanted>();
  for (const members of groups) {
    const { owner, options, list } = members[0]!;
    const group = new Set<string>(members.map(({ host }) => host));
    const names = list.filter((name) => {
      const isOwn = group.has(name) || (owner !== undefined && ownerOf(name) === owner);
      const reason = isOwn
        ? problemOf(name, byHost.get(name)?.options ?? options, settings)
        : `${name} is not a virtual host of ${owner ?? "the same containers"}, so no certificate is requested for it; route it, or remove it from the list`;
      if (reason !== undefined && !refused.has(name)) refused.set(name, { name, reason });
      return reason === undefined;
    });
    // The first name becomes the subject of the certificate, which is limited.
    const first = names.find((name) => name.length <= MAX_COMMON_NAME);
    const file = fileOf(first ?? "");
    const conflict =
      first === undefined
        ? `longer than ${MAX_COMMON_NAME} characters, and no shorter name is in its certificate; list a shorter one first`
        : file === DEFAULT_STEM
          ? "its certificate would be that of all hosts without one; use another name"
          : certificates.has(file)
            ? "another certificate has the same file name; request the same list on all containers"
            : certificates.size >= MAX_WANTED
              ? `more than ${MAX_WANTED} certificates are requested; request fewer`
              : undefined;
    if (first === undefined || conflict !== undefined) {
      for (const name of names) refused.set(name, { name, reason: conflict! });
      continue;
    }
    const ordered = [first, ...names.filter((name) => name !== first)];
    certificates.set(file, { file, names: ordered, owner: owner ?? "", ...orderOptions(options) });
  }
  return { certificates: [...certificates.values()], refused: [...refused.values()] };
}

function requestOf(
  virtualHost: VirtualHost,
  owner: string | undefined,
  settings: NginxSettings,
): Requesting | undefined {
  const { host } = virtualHost;
  const { options } = hostAccess(virtualHost, settings);
  if (!requestsCertificate(host, options)) return undefined;
  return { host, options, owner, list: namesOf(host, options) };
}

function namesOf(host: HostName, { acme = "each" }: HostOptions): readonly string[] {
  return typeof acme === "string" ? [host] : [...acme].sort();
}

/** Returns why no certificate can be requested for this name of a virtual host, or undefined. */
function problemOf(
  name: string,
  { httpsMethod, certificate, challenge, httpPort }: HostOptions,
  { https, listen }: NginxSettings,
): string | undefined {
  const byDns = https?.acme?.dns === true;
  if (name.startsWith("~") || name.endsWith(".*")) {
    return "authorities issue certificates for names, not for patterns; list the names in VIRTUAL_HOST";
  }
  if (isIP(name.replace(/^\[|\]$/g, "")) !== 0) return "authorities issue certificates for names, not for addresses";
  if (isPattern(name as HostName) && !byDns) {
    return "a certificate for a wildcard needs DNS-01; set up a hook and `https.acme.dns: true`, or list the names";
  }
  if (httpsMethod === "nohttps") return "HTTPS_METHOD is nohttps; remove one of the two";
  if (certificate !== undefined && certificate !== fileOf(name)) {
    return `CERT_NAME selects the certificate ${certificate}; remove one of the two`;
  }
  if (byDns) return undefined;
  if (challenge === "false") return "ACME_HTTP_CHALLENGE_LOCATION is false, so the name cannot be validated; remove it";
  if (httpPort !== undefined && httpPort !== listen) {
    return `EXTERNAL_HTTP_PORT is ${httpPort}, and authorities validate names on port 80; remove it, or use DNS-01`;
  }
  return undefined;
}

function fileOf(name: string): string {
  return name.replace(/^\*\./, "wildcard.");
}

function orderOptions({ acmeEmail, acmeTest, acmeAuthority }: HostOptions): Partial<Wanted> {
  return {
    ...(acmeEmail !== undefined && { email: acmeEmail }),
    ...(acmeTest === true && { test: true }),
    ...(acmeAuthority !== undefined && { authority: acmeAuthority }),
  };
}

/** Sorts by turns of the owners: the first group of each, then the second. So the many requests of one refuse none of another. */
function inTurn(groups: Iterable<Requesting[]>): Requesting[][] {
  const counts = new Map<string | undefined, number>();
  const turns = [...groups].map((group) => {
    const turn = counts.get(group[0]!.owner) ?? 0;
    counts.set(group[0]!.owner, turn + 1);
    return { turn, group };
  });
  return turns.toSorted((a, b) => a.turn - b.turn).map(({ group }) => group);
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Iterable<T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups.values();
}
