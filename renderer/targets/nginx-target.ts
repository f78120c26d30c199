import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { NginxTargetConfig } from "../config/nginx-target.ts";
import type { Config } from "../config/schema.ts";
import { templatesOf } from "../config/template-target.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import { CertificateStore } from "../nginx/certificates/store.ts";
import { FileStore } from "../nginx/operator-files/store.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import type { Destination } from "../publish/destination.ts";
import type { TargetState } from "../publish/target-progress.ts";
import { destinationOf, nameOf } from "../reload/choose.ts";
import { logRouteChange } from "../routes/log-changes.ts";
import type { Blocked, Published, VirtualHost } from "../routes/routes.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { TemplateError } from "../template/template-error.ts";
import { every } from "./every.ts";
import { NginxRoutes } from "./nginx-routes.ts";
import type { NginxTemplate } from "./nginx-template.ts";
import type { Rendered, TargetListener } from "./target.ts";

/** An nginx configuration rendered from the routes of containers. Its subclasses choose the unit of quarantine. */
export abstract class NginxTarget {
  readonly config: NginxTargetConfig;
  readonly destination: Destination;
  protected readonly routes: NginxRoutes;
  readonly #template: NginxTemplate;
  readonly #certificates: CertificateStore | undefined;
  readonly #files: FileStore;
  protected readonly log: Log;
  #listener: TargetListener | undefined;
  #isComplete = false;
  #lastBlocked = "";
  #departure: NodeJS.Timeout | undefined;
  /** The template's current error; logged once. */
  #templateError = "";

  constructor(target: NginxTargetConfig, template: NginxTemplate, config: Config, log: Log) {
    this.config = target;
    this.#template = template;
    this.log = log;
    this.routes = new NginxRoutes(target, config);
    this.destination = destinationOf(target, log);
    this.#certificates = target.https && new CertificateStore(target.https.certificates, log);
    this.#files = new FileStore(target.nginx.files, target.destination);
    this.#useFiles();
  }

  /** Only a changed route is worth a pass, and the first complete inventory. */
  apply(change: InventoryChange, isComplete: boolean): boolean {
    const changed = this.routes.apply(change);
    logRouteChange(changed, this.log);
    for (const { id, container, dockerHost, reason, code } of changed.filtered)
      this.log("info", "container.unrouted", { container, id: id.slice(0, 12), dockerHost, reason, code });
    const blocked = this.routes.table.blocked ?? "";
    const isChanged = changed.hosts.length > 0 || isComplete !== this.#isComplete || blocked !== this.#lastBlocked;
    this.#isComplete = isComplete;
    this.#lastBlocked = blocked;
    this.#awaitDeparture();
    return isChanged;
  }

  watch(listener: TargetListener, signal: AbortSignal): void {
    this.#listener = listener;
    const { destination, reload, interval, reloadEvery } = this.config;
    this.log("info", "target.started", { path: destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => listener.reload(), signal);
    watchDirectory(dirname(this.#templateFile), () => this.refresh(), signal);
    const watched = [...(this.#certificates ? [this.#certificates.directory] : []), ...this.#files.directories];
    for (const directory of watched) watchDirectory(directory, () => this.#readFiles(), signal);
    // Each publication changes this directory, so certificates and files are not read again because of it.
    if (this.#files.siblingDirectory !== undefined)
      watchDirectory(this.#files.siblingDirectory, () => this.#readBeside(), signal);
    const stopListening = this.destination.server.onReady((state) => listener.serverChanged(state));
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(this.#departure);
        stopListening();
      },
      { once: true },
    );
  }

  /** Reads the template and files again. A template with errors is logged, and the last good one stays in use. */
  refresh(): void {
    const found = this.#template.reread();
    if (found.kind === "changed") this.log("info", "template.reloaded", { path: this.#templateFile });
    const error = found.kind === "rejected" ? found.problem : "";
    const isNew = error !== "" && error !== this.#templateError;
    this.#templateError = error;
    if (isNew) this.log("error", "template.rejected", { path: this.#templateFile, error });
    this.#readFiles();
    if (found.kind === "changed") this.#listener?.retryQuarantined();
    else this.#listener?.changed();
  }

  async close(): Promise<void> {}

  status(state: TargetState): TargetStatus {
    return {
      state,
      routes: this.routes.table.routes,
      quarantined: this.routes.table.routes.quarantined,
      filtered: this.routes.filtered,
      settings: this.#template.settings,
      templateError: this.#templateError,
    };
  }

  protected get wanted(): Published | Blocked | undefined {
    return this.#isComplete ? this.routes.table.wanted : undefined;
  }

  protected async print(virtualHosts: readonly VirtualHost[]): Promise<Rendered<never>> {
    try {
      return await Promise.resolve({ kind: "text", text: this.#template.print({ kind: "routes", virtualHosts }) });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      // Too many hosts make too large a file; any other error is the template's.
      return { kind: "failed", error: error.message, ...(error.code !== "template.size" && { cause: "template" }) };
    }
  }

  get #templateFile(): string {
    return templatesOf(this.config)[0] ?? "";
  }

  #readFiles(): void {
    const [newCertificates, newFiles] = [this.#certificates?.refresh() ?? false, this.#files.refresh()];
    if (newCertificates || newFiles) this.#filesChanged();
  }

  #readBeside(): void {
    if (this.#files.refreshSiblings()) this.#filesChanged();
  }

  #filesChanged(): void {
    this.#useFiles();
    this.#listener?.retryQuarantined();
  }

  #useFiles(): void {
    this.#template.use({
      ...(this.#certificates && { certificates: this.#certificates.certificates }),
      files: this.#files.settings,
    });
  }

  /** Removes hosts whose grace period is over. */
  #expire(): void {
    const changed = this.routes.table.expire(performance.now());
    logRouteChange(changed, this.log);
    if (changed.hosts.length > 0) this.#listener?.changed();
    this.#awaitDeparture();
  }

  #awaitDeparture(): void {
    clearTimeout(this.#departure);
    const due = this.routes.table.nextDeparture;
    if (due !== undefined) this.#departure = setTimeout(() => this.#expire(), Math.max(1, due - performance.now() + 1));
  }
}
