import type { Route } from "./routes.ts";
import type { Fault } from "./fault.ts";

/** Where a fault applies. */
export interface FaultScope {
  /** How many requests it spoils. Default: all, until it is lifted. */
  readonly times?: number;
  /** Only requests whose path names this id or name. */
  readonly of?: string;
}

/** A fault in force. */
export interface PlannedFault {
  /** Requests it has spoiled. */
  readonly hits: number;
  lift(): void;
}

/** The faults to come, in the order they were planned; the first that fits a request spoils it. */
export class FaultPlan {
  #entries: { route: Route; fault: Fault; scope: FaultScope; hits: number }[] = [];

  add(route: Route, fault: Fault, scope: FaultScope = {}): PlannedFault {
    const entry = { route, fault, scope, hits: 0 };
    this.#entries.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      lift: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  clear(): void {
    this.#entries = [];
  }

  /** The fault for this request, counted as used. */
  take(route: Route, reference: string): Fault | undefined {
    const entry = this.#entries.find(
      ({ route: planned, scope, hits }) =>
        planned === route && hits < (scope.times ?? Infinity) && (scope.of ?? reference) === reference,
    );
    if (entry === undefined) return undefined;
    entry.hits += 1;
    return entry.fault;
  }
}
