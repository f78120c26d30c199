import type { Log } from "../../shared/log.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Routes } from "./routes.ts";

/** Says what became different between two looks: hosts that came and went, containers and why they are not routed. */
export class RouteJournal {
  readonly #log: Log;
  #hosts = new Map<string, string>();
  #findings = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  note(routes: Routes): void {
    this.#noteHosts(routes);
    const findings = new Map<string, string>();
    for (const [event, found] of findingsOf(routes)) {
      const key = `${event} ${found.id} ${found.reason} ${found.value ?? ""}`;
      findings.set(key, found.detail);
      if (this.#findings.get(key) !== found.detail) this.#noteFinding(event, found);
    }
    this.#findings = findings;
  }

  #noteHosts({ virtualHosts }: Routes): void {
    const hosts = new Map(
      virtualHosts.map(({ host, paths }): [string, string] => [
        host,
        paths.flatMap(({ servers }) => servers.map(({ address, port }) => `${address}:${port}`)).join(" "),
      ]),
    );
    for (const [host, servers] of hosts) {
      if (this.#hosts.get(host) !== servers) this.#log("info", "route.changed", { host, servers });
    }
    for (const host of this.#hosts.keys()) if (!hosts.has(host)) this.#log("info", "route.removed", { host });
    this.#hosts = hosts;
  }

  #noteFinding(event: string, { id, name, host, reason, detail, value }: Diagnostic): void {
    const level = event === "container.unrouted" ? "info" : "warn";
    this.#log(level, event, { container: name, id: id.slice(0, 12), dockerHost: host, reason, detail, value });
  }
}

function findingsOf({ unrouted, quarantined, remarks }: Routes): [string, Diagnostic][] {
  return [
    ...unrouted.map((found): [string, Diagnostic] => ["container.unrouted", found]),
    ...quarantined.map((found): [string, Diagnostic] => ["container.quarantined", found]),
    ...remarks.map((found): [string, Diagnostic] => ["container.remark", found]),
  ];
}
