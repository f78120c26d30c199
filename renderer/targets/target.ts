import type { HostName } from "../routes/grammar.ts";
import type { TargetConfig } from "../config/schema.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import type { Destination } from "../publish/destination.ts";
import type { ServerState } from "../publish/server-control.ts";
import type { TargetState } from "../publish/target-progress.ts";
import type { Blocked } from "../routes/routes.ts";
import type { TargetStatus } from "../status/build-report.ts";

/** What operators and agents do to targets that have routes. */
export interface Operated {
  /** Applies a change of the connections to agents: the disconnected ones, each with the time on the clock of `performance.now`. */
  agentsChanged?(absentAt: ReadonlyMap<string, number>): void;
  /** Ends the lease of a host name, or of all of them. Returns the former owner. */
  release?(name: string | undefined): string | undefined;
  /** Puts a host name under maintenance, or ends it. Returns whether anything changed. */
  maintain?(host: HostName, isOn: boolean): boolean;
}

/** One configured file. `Unit` is the smallest part that can be excluded from it: a virtual host or a container. */
export interface Target<Unit extends object> extends Operated {
  readonly config: TargetConfig;
  readonly destination: Destination;
  /**
   * Applies a change of the inventory. Returns whether the file may change; `urgent` if it has addresses that Docker may
   * give to other containers. `isComplete`: every agent has reported.
   */
  apply(change: InventoryChange, isComplete: boolean): boolean | "urgent";
  /** The units of the file; undefined until every agent has reported. A unit is replaced when anything in it changes. */
  units(): readonly Unit[] | Blocked | undefined;
  /** Renders the file with these units only. A trial is not published as it is: it leaves no trace in the target. */
  render(units: readonly Unit[], purpose: "revision" | "trial"): Promise<Rendered<Unit>>;
  /** Called when the server has confirmed a file with these units. */
  published?(units: readonly Unit[]): void;
  /** Calls back when templates, certificates, operator files or time change what the file contains. */
  watch(listener: TargetListener, signal: AbortSignal): void;
  /** Reads templates and files again, and reports changes to the listener. */
  refresh(): void;
  /** Reads files other than the template again. Returns whether they have changed, so that the target renders another file. */
  reread?(): boolean;
  /** Frees what the target holds. */
  close(): Promise<void>;
  /** What distinguishes a unit from others, also in later versions of it. */
  readonly keyOf: (unit: Unit) => string;
  describe(unit: Unit): UnitDescription;
  /** Whether a server may reject this unit although its check accepts it. */
  isSuspect(unit: Unit): boolean;
  status(state: TargetState, quarantined: ReadonlySet<Unit>): TargetStatus;
}

/** What rendering a file returns. */
export type Rendered<Unit> =
  | { readonly kind: "text"; readonly text: Buffer }
  /** These units cannot be rendered. */
  | { readonly kind: "failing"; readonly failing: readonly FailingUnit<Unit>[] }
  /** Rendering failed, and no unit is known to be the cause. `cause: "template"`: none is. */
  | { readonly kind: "failed"; readonly error: string; readonly cause?: "template" };

export interface FailingUnit<Unit> {
  readonly unit: Unit;
  readonly error: string;
}

/** A unit as messages name it. */
export interface UnitDescription {
  /** Name of the container or of the virtual host. */
  readonly name: string;
  /** Id of the container; empty for a virtual host. */
  readonly id: string;
  readonly dockerHost: string;
  /** For a virtual host: names of its containers. */
  readonly containers?: readonly string[];
  /** A likely cause that the server's message does not mention. */
  readonly hint?: string;
}

export interface TargetListener {
  /** The file may change. */
  readonly changed: () => void;
  /** Units that failed may succeed now. */
  readonly retryQuarantined: () => void;
  readonly serverChanged: (state: ServerState) => void;
  /** The server is due for a reload, even if the file is unchanged. */
  readonly reload: () => void;
}
