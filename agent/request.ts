import { type Method, methods, Request, wireErrors } from "../shared/rpc.ts";

/** Protocol state of a connection. */
export type SessionState = "new" | "ready" | "subscribed";

/**
 * Methods permitted in each state, with the state that follows. Any other method is a violation, which is
 * recorded and closes the connection.
 */
const permitted: Readonly<Record<SessionState, Partial<Record<Method, SessionState>>>> = {
  new: { hello: "ready" },
  ready: { subscribe: "subscribed", health: "ready" },
  subscribed: { health: "subscribed" },
};

/** A refused frame: reason code for the audit trail, and the error sent to the peer. */
export interface Violation {
  readonly reason: `rpc.${"json" | "shape" | "method" | "state" | "params"}`;
  readonly error: (typeof wireErrors)[keyof typeof wireErrors];
  readonly id: number | null;
}

/** A request that is permitted in this state and has exactly the parameters of its method. */
export interface Permitted {
  readonly request: Request;
  readonly next: SessionState;
}

/** Parses and validates the text of one frame. Pure. MAX_REQUEST_BYTES bounds its depth. */
export function readRequest(text: string, state: SessionState): Permitted | Violation {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { reason: "rpc.json", error: wireErrors.parse, id: null };
  }
  const { data: request } = Request.safeParse(json);
  if (!request) return { reason: "rpc.shape", error: wireErrors.invalid, id: null };
  const { id, method, params } = request;
  if (!isMethod(method)) return { reason: "rpc.method", error: wireErrors.method, id };
  const next = permitted[state][method];
  if (!next) return { reason: "rpc.state", error: wireErrors.method, id };
  if (!methods[method].params.safeParse(params ?? {}).success) {
    return { reason: "rpc.params", error: wireErrors.params, id };
  }
  return { request, next };
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(methods, method);
}
