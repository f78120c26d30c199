import type { Method } from "../shared/rpc.ts";

/** Where a connection stands. */
export type SessionState = "new" | "ready" | "subscribed";

/**
 * The method table per state: what may be asked now, and where it leads. What is not in it does not
 * exist for the caller, who is cut off and recorded.
 */
const permitted: Readonly<Record<SessionState, Partial<Record<Method, SessionState>>>> = {
  new: { hello: "ready" },
  ready: { subscribe: "subscribed", health: "ready" },
  subscribed: { health: "subscribed" },
};

/** The state after a permitted request, or undefined when it is not permitted. */
export function nextState(state: SessionState, method: string): SessionState | undefined {
  const row: Readonly<Record<string, SessionState | undefined>> = permitted[state];
  return Object.hasOwn(row, method) ? row[method] : undefined;
}
