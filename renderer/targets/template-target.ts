import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { TemplateTargetConfig } from "../config/template-target.ts";
import { templatesOf } from "../config/template-target.ts";
import { directoryState } from "../disk/directory-state.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import type { Destination } from "../publish/destination.ts";
import type { TargetState } from "../publish/target-progress.ts";
import { destinationOf, nameOf } from "../reload/choose.ts";
import { Selection } from "../select/selection.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { inOrder } from "../template/container-view.ts";
import { withoutBlankLines } from "./blank-lines.ts";
import { every } from "./every.ts";
import type { Rendered, Target, TargetListener, UnitDescription } from "./target.ts";
import type { TemplateFiles } from "./template-files.ts";

/** A file in any format, rendered by a template from a list of containers. */
export class TemplateTarget implements Target<InventoryContainer> {
  readonly config: TemplateTargetConfig;
  readonly destination: Destination;
  readonly #files: Pick<TemplateFiles, "print" | "reread" | "close">;
  readonly #log: Log;
  readonly #selection: Selection;
  readonly #containers = new Map<string, InventoryContainer>();
  #listener: TargetListener | undefined;
  #isComplete = false;
  /** The templates' current error; logged once. */
  #templateError = "";
  /** State of the directory that `include` reads from. */
  #included = "";

  constructor(config: TemplateTargetConfig, files: Pick<TemplateFiles, "print" | "reread" | "close">, log: Log) {
    this.config = config;
    this.#files = files;
    this.#log = log;
    this.destination = destinationOf(config, log);
    this.#selection = new Selection(config.containers);
  }

  /** Only a change of a selected container is worth a pass, and the first complete inventory. */
  apply(change: InventoryChange, isComplete: boolean): boolean {
    const { upserted, gone, filtered } = this.#selection.apply(change);
    for (const one of gone) this.#containers.delete(keyOf(one));
    for (const one of upserted) this.#containers.set(keyOf(one), one);
    for (const { known, reason } of filtered) {
      const { name, id } = known.container;
      this.#log("info", "container.filtered", {
        path: this.config.destination,
        container: name,
        id: id.slice(0, 12),
        dockerHost: known.dockerHost,
        reason,
      });
    }
    const wasComplete = this.#isComplete;
    this.#isComplete = isComplete;
    return upserted.length + gone.length > 0 || isComplete !== wasComplete;
  }

  units(): readonly InventoryContainer[] | undefined {
    return this.#isComplete ? inOrder([...this.#containers.values()]) : undefined;
  }

  async render(containers: readonly InventoryContainer[]): Promise<Rendered<InventoryContainer>> {
    const made = await this.#files.print(containers);
    if (made.kind === "failed") return { kind: "failed", error: made.message };
    if (made.kind === "faults") {
      const failing = made.faults.flatMap(({ index, message }) => {
        const unit = containers[index];
        return unit ? [{ unit, error: message }] : [];
      });
      return { kind: "failing", failing };
    }
    const text = Buffer.from(made.text);
    return { kind: "text", text: this.config.keepBlankLines ? text : withoutBlankLines(text) };
  }

  watch(listener: TargetListener, signal: AbortSignal): void {
    this.#listener = listener;
    const { destination, reload, interval, reloadEvery, includes } = this.config;
    this.#log("info", "target.started", { path: destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => listener.reload(), signal);
    const directories = new Set(templatesOf(this.config).map((file) => dirname(file)));
    for (const directory of directories) watchDirectory(directory, () => this.refresh(), signal);
    if (includes !== undefined) watchDirectory(includes, () => this.refresh(), signal, "below");
    const stopListening = this.destination.server.onReady((state) => listener.serverChanged(state));
    signal.addEventListener("abort", stopListening, { once: true });
  }

  /** Reads the templates and what they include again. Templates with errors are logged, and the last good ones stay. */
  refresh(): void {
    this.#reread().then(
      () => this.#listener?.changed(),
      (error: Error) => this.#templateFailed(error.message),
    );
  }

  async close(): Promise<void> {
    await this.#files.close();
  }

  readonly keyOf = keyOf;

  describe({ container: { id, name }, dockerHost }: InventoryContainer): UnitDescription {
    return { id, name, dockerHost };
  }

  isSuspect(): boolean {
    return false;
  }

  status(state: TargetState, quarantined: ReadonlySet<InventoryContainer>): TargetStatus {
    return {
      state,
      quarantined: [],
      filtered: this.#selection.filtered,
      rendered: [...this.#containers.values()].filter((container) => !quarantined.has(container)),
      templateError: this.#templateError,
    };
  }

  async #reread(): Promise<void> {
    const included = this.config.includes === undefined ? "" : directoryState(this.config.includes);
    // A container may have failed because of a missing file.
    if (included !== this.#included) this.#listener?.retryQuarantined();
    this.#included = included;
    const found = await this.#files.reread();
    if (found.kind === "changed") {
      this.#log("info", "template.reloaded", { path: templatesOf(this.config).join(" ") });
      this.#listener?.retryQuarantined();
    }
    this.#templateFailed(found.kind === "rejected" ? found.problem : "");
  }

  /** Records the current error of the templates, or "", and logs a new one. */
  #templateFailed(error: string): void {
    const isNew = error !== "" && error !== this.#templateError;
    this.#templateError = error;
    if (isNew) this.#log("error", "template.rejected", { path: templatesOf(this.config).join(" "), error });
  }
}
