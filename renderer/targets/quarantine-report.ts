import type { Log } from "../../shared/log.ts";
import type { Diagnostic } from "../routes/diagnostic.ts";
import type { QuarantineEntry } from "./quarantine.ts";
import type { Target, UnitDescription } from "./target.ts";

/** Characters of an error that are kept. */
const MAX_ERROR_CHARS = 500;

/** Describes quarantined units for people, and logs each once until it is published. */
export class QuarantineReport<Unit extends object> {
  readonly #targets: readonly [Target<Unit>, ...Target<Unit>[]];
  readonly #log: Log;
  /** Kept by unit: a retry that fails again is not logged again. */
  #logged = new WeakSet<Unit>();

  constructor(targets: readonly [Target<Unit>, ...Target<Unit>[]], log: Log) {
    this.#targets = targets;
    this.#log = log;
  }

  describe(entries: readonly QuarantineEntry<Unit>[]): Diagnostic[] {
    return entries.map((entry) => {
      const { id, name, dockerHost } = this.#descriptionOf(entry.unit);
      return { id, container: name, dockerHost, code: entry.code, reason: this.#reasonOf(entry) };
    });
  }

  log(entries: readonly QuarantineEntry<Unit>[]): void {
    for (const entry of entries) {
      if (this.#logged.has(entry.unit)) continue;
      this.#logged.add(entry.unit);
      const { id, name, dockerHost, containers, hint } = this.#descriptionOf(entry.unit);
      this.#log("warn", "container.quarantined", {
        container: containers ? containers.join(" ") : name,
        ...(containers ? { host: name } : { id: id.slice(0, 12), dockerHost }),
        path: this.#targets.map(({ config }) => config.destination).join(" "),
        reason: this.#reasonOf(entry),
        code: entry.code,
        ...(hint !== undefined && { hint }),
      });
    }
  }

  /** These units are quarantined in the live revision. Others are logged again when they fail later. */
  published(quarantined: ReadonlySet<Unit>): void {
    const logged = [...quarantined].filter((unit) => this.#logged.has(unit));
    this.#logged = new WeakSet(logged);
  }

  #reasonOf({ unit, code, error }: QuarantineEntry<Unit>): string {
    const text = error.slice(0, MAX_ERROR_CHARS);
    const hint = missingModule(text) ?? this.#descriptionOf(unit).hint;
    return `${this.#failureOf(code)}: ${text}${hint === undefined ? "" : `; ${hint}`}`;
  }

  #failureOf(code: QuarantineEntry<Unit>["code"]): string {
    const [{ config }, ...others] = this.#targets;
    const files = others.length === 0 ? config.destination : `the files of transaction ${config.transaction}`;
    if (code === "render.failed") return `cannot be rendered into ${files}`;
    return `rejected by the ${code === "check.rejected" ? "check" : "reload"} of ${files}`;
  }

  #descriptionOf(unit: Unit): UnitDescription {
    return this.#targets[0].describe(unit);
  }
}

/** Directives of nginx's modules that some builds lack. */
const OF_MODULES =
  /unknown directive "((?:auth_request|auth_basic|fastcgi|grpc|gzip|limit_conn|limit_req|sticky|uwsgi)[a-z_]*)"/;

/** Returns what to do if this nginx lacks the module of a directive. */
function missingModule(error: string): string | undefined {
  const [, directive] = OF_MODULES.exec(error) ?? [];
  return directive && `this nginx has no module for \`${directive}\`: use an nginx that has it, or remove the option`;
}
