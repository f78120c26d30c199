import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { NginxTargetConfig } from "../config/nginx-target.ts";
import type { Config } from "../config/schema.ts";
import { templatesOf } from "../config/template-target.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { bucketHint } from "../nginx/reserved-names.ts";
import type { Destination } from "../publish/destination.ts";
import type { TargetState } from "../publish/target-progress.ts";
import { destinationOf, nameOf } from "../reload/choose.ts";
import { losesAddress } from "../routes/evaluation.ts";
import { logRouteChange } from "../routes/log-changes.ts";
import type { HostName } from "../routes/grammar.ts";
import type { Blocked, Published, VirtualHost } from "../routes/routes.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { utc } from "../status/format.ts";
import { TemplateError } from "../template/template-error.ts";
import { AccessLog } from "./access-log.ts";
import { AcmeFiles } from "./acme-files.ts";
import { every } from "./every.ts";
import { openOperatorStores, type OperatorStores } from "./operator-stores.ts";
import { NginxRoutes } from "./nginx-routes.ts";
import { MaintenanceFile } from "./maintenance-file.ts";
import { OwnersFile } from "./owners-file.ts";
import type { NginxTemplate } from "./nginx-template.ts";
import { reportSingleFile } from "./unwatched.ts";
import type { Rendered, TargetListener } from "./target.ts";

/** Longest delay of a timer in milliseconds; what is due later is checked again then. */
const MAX_DELAY_MS = 86_400_000;

/** An nginx configuration rendered from the routes of containers. Its subclasses choose the unit of quarantine. */
export abstract class NginxTarget {
  readonly config: NginxTargetConfig;
  readonly destination: Destination;
  protected readonly routes: NginxRoutes;
  protected readonly owners: OwnersFile;
  readonly #maintenance: MaintenanceFile;
  readonly #template: NginxTemplate;
  readonly #stores: OperatorStores;
  readonly #access: AccessLog;
  /** Undefined without `https.acme`. */
  protected readonly acme: AcmeFiles | undefined;
  protected readonly log: Log;
  #listener: TargetListener | undefined;
  #isComplete = false;
  #lastBlocked = "";
  #departure: NodeJS.Timeout | undefined;
  #absence: NodeJS.Timeout | undefined;
  #certificateEnd: NodeJS.Timeout | undefined;
  #absentAt: ReadonlyMap<string, number> = new Map();
  #expired: ReadonlySet<string> = new Set();
  /** When each agent disconnected whose absence has been warned of. */
  readonly #warnedOf = new Map<string, number>();
  /** Milliseconds after which the containers of an absent agent receive no requests. */
  readonly #staleAfter: (socket: string) => number;
  /** The template's current error; logged once. */
  #templateError = "";

  constructor(target: NginxTargetConfig, template: NginxTemplate, config: Config, log: Log) {
    this.config = target;
    const ofAgents = new Map(config.agents.map((agent) => [agent.socket, agent.staleAfter]));
    this.#staleAfter = (socket) => ofAgents.get(socket) ?? target.routing.staleAfter;
    this.#template = template;
    this.log = log;
    this.owners = new OwnersFile(target, log);
    this.#maintenance = new MaintenanceFile(target, log);
    this.routes = new NginxRoutes(target, config, undefined, this.owners.owners);
    this.destination = destinationOf(target, log);
    this.#access = new AccessLog(log);
    this.#stores = openOperatorStores(target, config, log);
    const { https } = target;
    const directories = https?.acme && { wanted: https.acme.directory, progress: https.certificates };
    this.acme = directories && new AcmeFiles(directories, () => template.settings, log);
    this.#useFiles();
    this.routes.table.setOperatorHosts(this.operatorHosts, 0);
  }

  /** Only a changed route is worth a pass, and the first complete inventory. */
  apply(change: InventoryChange, isComplete: boolean): boolean | "urgent" {
    const changed = this.routes.apply(change);
    logRouteChange(changed, this.log);
    this.#access.log(changed.hosts, this.#template.settings);
    for (const { id, container, dockerHost, reason, code } of changed.filtered)
      this.log("info", "container.unrouted", { container, id: id.slice(0, 12), dockerHost, reason, code });
    if (isComplete && !this.#isComplete) this.routes.table.recordOwners();
    const blocked = this.routes.table.blocked ?? "";
    const isChanged = changed.hosts.length > 0 || isComplete !== this.#isComplete || blocked !== this.#lastBlocked;
    if (isComplete && !this.#isComplete) {
      this.#access.logUnused(this.routes.table.routes.virtualHosts, this.#template.settings);
    }
    this.#isComplete = isComplete;
    this.#lastBlocked = blocked;
    this.#awaitDeparture();
    return isChanged && changed.evaluations.some(losesAddress) ? "urgent" : isChanged;
  }

  watch(listener: TargetListener, signal: AbortSignal): void {
    this.#listener = listener;
    this.#stores.knownFiles.keep();
    const { destination, reload, interval, reloadEvery } = this.config;
    this.owners.follow();
    this.log("info", "target.started", { path: destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => listener.reload(), signal);
    watchDirectory(dirname(this.#templateFile), () => this.refresh(), signal);
    const watched = [
      ...(this.#stores.certificates ? [this.#stores.certificates.directory] : []),
      ...this.#stores.files.directories,
    ];
    for (const file of [this.#templateFile, ...this.#stores.files.files]) reportSingleFile(file, this.log);
    for (const directory of watched) watchDirectory(directory, () => this.#readFiles(), signal);
    // Each publication changes this directory, so certificates and files are not read again because of it.
    if (this.#stores.files.siblingDirectory !== undefined)
      watchDirectory(this.#stores.files.siblingDirectory, () => this.#readSiblings(), signal);
    const stopListening = this.destination.server.onReady((state) => {
      if (this.#readVersion()) listener.retryQuarantined();
      listener.serverChanged(state);
    });
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(this.#departure);
        clearTimeout(this.#absence);
        clearTimeout(this.#certificateEnd);
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

  /** Ends the lease of a host name, or of all of them if the file of owners is damaged. */
  release(name: string | undefined): string | undefined {
    const table = this.routes.table;
    if (name === undefined) this.owners.discard();
    const names = name === undefined ? [...this.owners.owners.all.keys()] : [name];
    const released = names.flatMap((host) => {
      const { owner, ...changed } = table.release(host as HostName, performance.now());
      logRouteChange(changed, this.log);
      if (owner !== undefined) this.log("info", "host.released", { host, owner });
      return owner ?? [];
    });
    this.#awaitDeparture();
    this.#listener?.changed();
    return released[0];
  }

  /** Puts a host name under maintenance, or ends it. Returns whether anything changed. Streams have no maintenance. */
  maintain(host: HostName, isOn: boolean): boolean {
    if (this.config.context === "stream" || !this.#maintenance.set(host, isOn)) return false;
    this.log("info", "maintenance.changed", { host, state: isOn ? "on" : "off" });
    this.#filesChanged();
    this.#listener?.changed();
    return true;
  }

  agentsChanged(absentAt: ReadonlyMap<string, number>): void {
    this.#absentAt = absentAt;
    this.#updateAbsent();
  }

  async close(): Promise<void> {
    await this.owners.flush();
    await this.#maintenance.flush();
    await this.acme?.flush();
  }

  status(state: TargetState): TargetStatus {
    const { hostRule } = this.config.routing;
    return {
      state,
      routes: this.routes.table.routes,
      ...(hostRule !== undefined && { hostRule: { text: hostRule, nameOf: this.routes.nameByRule } }),
      quarantined: this.routes.table.routes.quarantined,
      filtered: this.routes.filtered,
      staleAfter: this.#staleAfter,
      unrecordedOwners: this.owners.owners.unrecorded,
      settings: this.#template.settings,
      templateError: this.#templateError,
      acme: this.acme?.state,
    };
  }

  protected get wanted(): Published | Blocked | undefined {
    if (!this.#isComplete) return undefined;
    const { problem } = this.owners;
    return problem === undefined ? this.routes.table.wanted : { kind: "blocked", reason: problem };
  }

  protected async print(virtualHosts: readonly VirtualHost[]): Promise<Rendered<never>> {
    try {
      this.#readVersion();
      const reserved = this.#reservedNames(virtualHosts);
      const routes: Published = { kind: "routes", virtualHosts, reserved };
      let text = this.#template.print(routes);
      // nginx needs the files of certificates only to load another configuration.
      const isLive = (): boolean => this.destination.volume.readLive()?.bytes.equals(text) === true;
      if (this.#stores.certificates?.nextEnd !== undefined && !isLive() && this.#giveUpCertificates()) {
        this.#filesChanged();
        text = this.#template.print(routes);
      }
      return await Promise.resolve({ kind: "text", text });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      // Too many hosts make too large a file; any other error is the template's.
      return { kind: "failed", error: error.message, ...(error.code !== "template.size" && { cause: "template" }) };
    }
  }

  #giveUpCertificates(): boolean {
    return this.#stores.certificates?.giveUp() === true;
  }

  /** Reads the operator's files again. Returns whether they have changed: nginx may have rejected a file because of them. */
  reread(): boolean {
    const hasNewCertificates = this.#giveUpCertificates();
    const isChanged = this.#stores.files.refresh() || hasNewCertificates;
    if (isChanged) this.#filesChanged();
    return isChanged;
  }

  /** Names that no other host may serve: those with an owner and no virtual host, and those of quarantined hosts. */
  #reservedNames(virtualHosts: readonly VirtualHost[]): readonly HostName[] {
    return this.routes.table.namesExcept(new Set(virtualHosts.map(({ host }) => host)));
  }

  get #templateFile(): string {
    return templatesOf(this.config)[0] ?? "";
  }

  #readFiles(): void {
    const isChanged = [this.#stores.certificates?.refresh() ?? false, this.#stores.files.refresh()].includes(true);
    this.acme?.refresh();
    if (isChanged) this.#filesChanged();
    clearTimeout(this.#certificateEnd);
    const end = this.#stores.certificates?.nextEnd;
    if (end !== undefined) this.#certificateEnd = setTimeout(() => this.#readFiles(), timerDelay(end - Date.now()));
  }

  #readSiblings(): void {
    if (this.#stores.files.refreshSiblings()) this.#filesChanged();
  }

  /** Why nginx may reject a name, which its message does not mention. */
  protected nameHint(host: HostName): string | undefined {
    return bucketHint(host, this.#stores.files.settings.siblingDirectives);
  }

  /** Host names of the operator's own servers, which containers cannot have. */
  protected get operatorHosts(): ReadonlyMap<HostName, string> {
    return new Map(this.#stores.files.settings.siblingHosts);
  }

  #filesChanged(): void {
    this.#useFiles();
    logRouteChange(this.routes.table.setOperatorHosts(this.operatorHosts, performance.now()), this.log);
    this.#awaitDeparture();
    const { virtualHosts } = this.routes.table.routes;
    this.#access.log(
      virtualHosts.map((after) => ({ before: after, after })),
      this.#template.settings,
    );
    if (this.#isComplete) this.#access.logUnused(virtualHosts, this.#template.settings);
    this.#listener?.retryQuarantined();
  }

  #useFiles(): void {
    this.#template.use({
      ...(this.#stores.certificates && { certificates: this.#stores.certificates.certificates }),
      files: this.#stores.files.settings,
      maintenance: this.#maintenance.hosts,
    });
  }

  /** nginx may be replaced by another version at any time. Returns whether it was. */
  #readVersion(): boolean {
    const { version } = this.destination.server;
    return version !== undefined && this.#template.useVersion(version);
  }

  /** Removes hosts whose grace period is over, and passes on those whose lease is over. */
  #expire(): void {
    const changed = this.routes.table.expire(performance.now());
    logRouteChange(changed, this.log);
    this.#access.log(changed.hosts, this.#template.settings);
    if (changed.hosts.length > 0) this.#listener?.changed();
    this.#awaitDeparture();
  }

  #awaitDeparture(): void {
    clearTimeout(this.#departure);
    const { nextDeparture = Number.POSITIVE_INFINITY, nextLeaseEnd = Number.POSITIVE_INFINITY } = this.routes.table;
    const delay = Math.min(nextDeparture - performance.now(), nextLeaseEnd - Date.now());
    if (Number.isFinite(delay)) this.#departure = setTimeout(() => this.#expire(), timerDelay(delay));
  }

  /** Drops the servers of agents that have been disconnected for `staleAfter`; half of it earlier, warns of it. */
  #updateAbsent(): void {
    clearTimeout(this.#absence);
    // A clock that is set back must not prolong the time.
    const now = performance.now();
    const absent = [...this.#absentAt].map(([socket, since]) => {
      const staleAfter = this.#staleAfter(socket);
      return { socket, since, warnAt: since + staleAfter / 2, staleAt: since + staleAfter };
    });
    for (const { socket, since, warnAt, staleAt } of absent) {
      if (warnAt > now || this.#warnedOf.get(socket) === since) continue;
      const reason = `disconnected for a long time; its virtual hosts return 503 from ${utc(Date.now() + staleAt - now)} on`;
      this.log("warn", "agent.expiring", { socket, reason, hint: "start the agent" });
      this.#warnedOf.set(socket, since);
    }
    const expired = new Set(absent.filter(({ staleAt }) => staleAt <= now).map(({ socket }) => socket));
    for (const socket of expired) {
      if (this.#expired.has(socket)) continue;
      const reason = "disconnected for longer than `staleAfter`; its virtual hosts return 503";
      this.log("error", "agent.expired", { socket, reason, hint: "start the agent" });
    }
    const isChanged = [...expired, ...this.#expired].some((one) => expired.has(one) !== this.#expired.has(one));
    this.#expired = expired;
    if (isChanged) {
      logRouteChange(this.routes.table.setAbsent(expired, performance.now()), this.log);
      this.#listener?.changed();
    }
    const due = absent.flatMap(({ warnAt, staleAt }) => [warnAt, staleAt]).filter((at) => at > now);
    if (due.length > 0) this.#absence = setTimeout(() => this.#updateAbsent(), timerDelay(Math.min(...due) - now));
  }
}

function timerDelay(ms: number): number {
  return Math.min(Math.max(1, Math.ceil(ms) + 1), MAX_DELAY_MS);
}
