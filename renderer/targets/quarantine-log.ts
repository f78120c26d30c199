import type { Log } from "../../shared/log.ts";
import type { Aside } from "./general-source.ts";

/** Says of each container once why it is left out. */
export class AsideLog {
  readonly #log: Log;
  #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  say(aside: readonly Aside[]): void {
    for (const one of aside) {
      if (this.#said.has(keyOf(one))) continue;
      const { id, name, host, reason, detail } = one;
      const fields = { container: name, id: id.slice(0, 12), dockerHost: host, reason, detail };
      this.#log("warn", "container.quarantined", fields);
    }
    this.#said = new Set(aside.map(keyOf));
  }
}

function keyOf({ id, host, detail }: Aside): string {
  return `${host} ${id} ${detail}`;
}
