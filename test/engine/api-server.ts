import type { IncomingMessage, ServerResponse } from "node:http";
import { send } from "./answer.ts";
import { ApiSocket } from "./api-socket.ts";
import { EventStream } from "./event-stream.ts";
import { type Fault, sendFault } from "./fault.ts";
import { FaultPlan, type FaultScope, type PlannedFault } from "./fault-plan.ts";
import type { Machine } from "./machine.ts";
import { answerTo, type Route } from "./routes.ts";

/** One request as received: not decoded, not normalized. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
}

/** The engine's API: socket, received requests and injected faults. */
export class ApiServer {
  /** Every request since the start, including those with a fault. */
  readonly requests: ReceivedRequest[] = [];
  readonly #machine: Machine;
  readonly #socket: ApiSocket;
  readonly #faults = new FaultPlan();
  readonly #streams = new Set<EventStream>();

  constructor(machine: Machine, socketPath: string) {
    this.#machine = machine;
    this.#socket = new ApiSocket(socketPath, (request, response) => this.#receive(request, response));
  }

  /** Injects a fault into requests of the route, until it is lifted or `times` requests were affected. */
  fault(route: Route, fault: Fault, scope: FaultScope = {}): PlannedFault {
    const of = scope.of === undefined ? {} : { of: this.#machine.find(scope.of)?.id ?? scope.of };
    return this.#faults.add(route, fault, { ...scope, ...of });
  }

  liftFaults(): void {
    this.#faults.clear();
  }

  /** Number of current readers of `/events`. */
  get eventStreams(): number {
    return this.#streams.size;
  }

  /** Closes the connections of all readers of `/events`. */
  cutEventStreams(): void {
    for (const stream of this.#streams) stream.cut();
  }

  /** Sends these bytes to all readers of `/events`. */
  writeToEventStreams(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /**
   * Stops the daemon while its containers keep running, as with live-restore. Past events are lost. `left` keeps
   * the socket file although no process listens on it.
   */
  async goAway(socketFile: "removed" | "left" = "removed"): Promise<void> {
    await this.#socket.close(socketFile);
    this.#machine.events.forget();
  }

  async comeBack(): Promise<void> {
    await this.#socket.open();
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: target = "", rawHeaders: headers } = request;
    this.requests.push({ method, target, headers });
    // The client may disconnect while a fault is still writing.
    response.on("error", () => {});
    const { route, reference, answer } = answerTo(this.#machine, method, target);
    const fault = route && this.#faults.take(route, reference);
    if ("eventsOf" in answer) this.#stream(answer.eventsOf, fault, request, response);
    else if (fault) sendFault(fault, answer, request, response);
    else send(request, response, answer);
  }

  #stream(query: URLSearchParams, fault: Fault | undefined, request: IncomingMessage, response: ServerResponse): void {
    const { options, events, clock } = this.#machine;
    if (fault) {
      sendFault(fault, { status: 200, headers: { "Content-Type": "application/json" }, body: "" }, request, response);
      return;
    }
    const stream = new EventStream(response);
    this.#streams.add(stream);
    response.once("close", () => this.#streams.delete(stream));
    stream.begin(events, options.release, query, clock.now());
  }
}
