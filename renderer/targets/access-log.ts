import type { Log } from "../../shared/log.ts";
import { closedBy, MAINTENANCE, unusedFiles } from "../nginx/access.ts";
import type { Fault } from "../nginx/guard.ts";
import type { NginxSettings } from "../nginx/settings.ts";
import type { HostChange } from "../routes/host-table.ts";
import type { VirtualHost } from "../routes/routes.ts";

/** Logs each host that is closed because a restriction cannot be applied, when that begins and ends. */
export class AccessLog {
  readonly #log: Log;
  readonly #closed = new Map<string, string>();
  #unused = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  log(changes: readonly HostChange[], settings: NginxSettings): void {
    for (const { before, after } of changes) {
      const { host } = after ?? before!;
      const faults = after ? closedBy(after, settings).filter(({ where }) => where !== MAINTENANCE) : [];
      const known = this.#closed.get(host);
      const text = JSON.stringify(faults);
      if (faults.length === 0) {
        this.#closed.delete(host);
        if (known !== undefined && after) this.#log("info", "host.reopened", { host });
      } else if (known !== text) {
        this.#closed.set(host, text);
        for (const fault of faults) this.#log("error", "host.closed", { host, ...fieldsOf(fault) });
      }
    }
  }

  /** Logs each file that restricts no host, once. */
  logUnused(virtualHosts: readonly VirtualHost[], settings: NginxSettings): void {
    const unused = unusedFiles(virtualHosts, settings);
    for (const fault of unused) if (!this.#unused.has(fault.where)) this.#log("warn", "file.unused", fieldsOf(fault));
    this.#unused = new Set(unused.map(({ where }) => where));
  }
}

function fieldsOf({ where: path, problem: reason, hint }: Fault): Record<string, string> {
  return { path, reason, ...(hint !== undefined && { hint }) };
}
