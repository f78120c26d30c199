import { Quarantine } from "./quarantine.ts";
import type { CheckText, Source } from "./source.ts";
import { type Blocked, NO_ROUTES, type Published, type Routes, type VirtualHost } from "../routes/routes.ts";

/** Most checks for finding out which hosts are to be left out. */
const MAX_CHECKS = 24;

/** Most reloads for the same: nginx takes some seconds to give up each. */
const MAX_RELOADS = 8;

/** Characters of nginx's reason that are kept. */
const MAX_WHY = 500;

/** A host that is left out of nginx's file because nginx refuses the file with it. */
export interface HostAside {
  readonly id: "";
  readonly name: string;
  readonly host: "";
  readonly reason: "check.refused";
  readonly detail: string;
}

/** The routes of one target and the text that they make; a host that nginx refuses is left out alone. */
export class PresetSource implements Source<Published> {
  readonly nothing: Published = NO_ROUTES;
  readonly #print: (routes: Published) => Buffer;
  readonly #refused = new Quarantine<VirtualHost>();
  /** What was published last; its hosts are most likely not at fault. */
  #live: readonly VirtualHost[] = [];
  readonly wanted: () => Published | Blocked | undefined;

  constructor(wanted: () => Published | Blocked | undefined, print: (routes: Published) => Buffer) {
    this.wanted = wanted;
    this.#print = print;
  }

  readonly render = (routes: Published): Buffer => this.#print(this.#admit(routes));

  /**
   * When only the operator's files are another than what is live, all that is live stays: better than a host less.
   * As soon as there is anything else to publish, the hosts that are at fault are left out of it.
   */
  readonly reduce = async (wanted: Published, check: CheckText): Promise<Published | undefined> => {
    const hosts = this.#admit(wanted).virtualHosts;
    const live = new Set(this.#live);
    if (hosts.length === live.size && hosts.every((host) => live.has(host))) return undefined;
    this.#refused.trust(this.#live);
    const attempt = async (some: readonly VirtualHost[]): Promise<string | undefined> =>
      await check(this.#print({ kind: "routes", virtualHosts: some }));
    const found = await this.#refused.sift(hosts, attempt, MAX_CHECKS);
    if (found.kind === "sifted" && (found.kept.length > 0 || hosts.length === 1)) return wanted;
    this.#refused.clear();
    return undefined;
  };

  /** Of a host that is another now, what was live of it stays until its turn comes: nobody is missed for a moment. */
  readonly reduceLive = async (wanted: Published, take: CheckText): Promise<Published | undefined> => {
    const hosts = this.#admit(wanted).virtualHosts;
    const live = new Map(this.#live.map((host) => [host.host, host]));
    const suspects = hosts.filter((host) => live.get(host.host) !== host);
    if (suspects.length === 0) return undefined;
    // Most likely it is a port that is taken: then the others are served after one reload.
    this.#refused.trust(
      suspects.filter(({ options }) => options.httpPort === undefined && options.httpsPort === undefined),
    );
    const attempt = async (some: readonly VirtualHost[]): Promise<string | undefined> => {
      const taken = new Set(some);
      const standing = hosts.flatMap((host) => (taken.has(host) ? host : (live.get(host.host) ?? [])));
      // Nobody is served by less than somebody.
      return standing.length === 0
        ? "no host is left"
        : await take(this.#print({ kind: "routes", virtualHosts: standing }));
    };
    const found = await this.#refused.sift(suspects, attempt, MAX_RELOADS);
    if (found.kind === "sifted") return wanted;
    this.#refused.clear();
    return undefined;
  };

  readonly published = (routes: Published): void => {
    this.#live = [...this.#admit(routes).virtualHosts];
  };

  /** Hosts that are left out now. */
  get aside(): HostAside[] {
    return this.#refused.setAside.map(({ unit, why }) => ({
      id: "",
      name: unit.host,
      host: "",
      reason: "check.refused",
      detail: `this host is left out, nginx refuses it: ${why.slice(0, MAX_WHY)}${hintFor(unit)}`,
    }));
  }

  /** Everybody is tried again: what nginx looks at besides the file may be another. */
  tryAgain(): void {
    this.#refused.clear();
  }

  #admit(routes: Published): Published {
    if (this.#refused.setAside.length === 0) return routes;
    return { kind: "routes", virtualHosts: this.#refused.admit(routes.virtualHosts) };
  }
}

/** What a check cannot find, and nginx tells its own log alone. */
function hintFor({ options: { httpPort, httpsPort } }: VirtualHost): string {
  const ports = [httpPort, httpsPort].filter((port) => port !== undefined);
  return ports.length === 0 ? "" : ` (it wants to be at ${ports.join(" and ")}: is that taken?)`;
}

/** The routes as they are published: hosts that are left out are among those that are set aside. */
export function withoutAside(routes: Routes, aside: readonly HostAside[]): Routes {
  if (aside.length === 0) return routes;
  const names = new Set(aside.map(({ name }) => name));
  const virtualHosts = routes.virtualHosts.filter(({ host }) => !names.has(host));
  return { ...routes, virtualHosts, quarantined: [...routes.quarantined, ...aside] };
}
