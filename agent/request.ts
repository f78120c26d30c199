import { type Method, methods, Request, wireErrors } from "../shared/rpc.ts";

/** Where a connection stands. */
export type SessionState = "new" | "ready" | "subscribed";

/**
 * What may be asked now, and where it leads. What is not in it does not exist for the caller, who is
 * cut off and recorded.
 */
const permitted: Readonly<Record<SessionState, Partial<Record<Method, SessionState>>>> = {
  new: { hello: "ready" },
  ready: { subscribe: "subscribed", health: "ready" },
  subscribed: { health: "subscribed" },
};

/** Deepest nesting of a request; the contract needs three. */
const MAX_DEPTH = 8;

/** Why a frame is not a request we serve: reason code of the audit trail, and what the caller is told. */
export interface Violation {
  readonly reason: `rpc.${"json" | "depth" | "batch" | "shape" | "method" | "state" | "params"}`;
  readonly error: (typeof wireErrors)[keyof typeof wireErrors];
  readonly id: number | null;
}

/** A request that is permitted now and has exactly the parameters of its method. */
export interface Permitted {
  readonly request: Request;
  readonly method: Method;
  readonly next: SessionState;
}

/** Pure: the text of one frame, in a state → what it asks, or why it may not. */
export function readRequest(text: string, state: SessionState): Permitted | Violation {
  if (depth(text) > MAX_DEPTH) return { reason: "rpc.depth", error: wireErrors.invalid, id: null };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { reason: "rpc.json", error: wireErrors.parse, id: null };
  }
  if (Array.isArray(json)) return { reason: "rpc.batch", error: wireErrors.invalid, id: null };
  const { data: request } = Request.safeParse(json);
  if (!request) return { reason: "rpc.shape", error: wireErrors.invalid, id: null };
  const { id, method, params } = request;
  if (!isMethod(method)) return { reason: "rpc.method", error: wireErrors.method, id };
  const next = permitted[state][method];
  if (!next) return { reason: "rpc.state", error: wireErrors.method, id };
  if (!methods[method].params.safeParse(params ?? {}).success) {
    return { reason: "rpc.params", error: wireErrors.params, id };
  }
  return { request, method, next };
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(methods, method);
}

/** Deepest nesting of brackets outside strings, counted before anything parses them. */
function depth(text: string): number {
  let [deepest, open] = [0, 0];
  for (const [bracket] of text.replace(/"(?:\\.|[^"\\])*"?/gs, "").matchAll(/[[\]{}]/g)) {
    open += bracket === "{" || bracket === "[" ? 1 : -1;
    deepest = Math.max(deepest, open);
  }
  return deepest;
}
