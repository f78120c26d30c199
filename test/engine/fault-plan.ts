import type { Route } from "./routes.ts";
import type { Fault } from "./fault.ts";

/** Requests that a fault applies to. */
export interface FaultScope {
  /** Number of requests to affect. Default: all, until it is lifted. */
  readonly times?: number;
  /** Only requests whose path contains this id or name. */
  readonly of?: string;
}

/** An active fault. */
export interface PlannedFault {
  /** Number of affected requests. */
  readonly hits: number;
  lift(): void;
}

/** Active faults. The first that matches a request is applied. */
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

  /** Returns the fault for this request and counts it. */
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
