import type { IncomingMessage, ServerResponse } from "node:http";
import { send } from "./answer.ts";
import { Door } from "./door.ts";
import { EventStream } from "./event-stream.ts";
import { type Fault, inflict } from "./fault.ts";
import { FaultPlan, type FaultScope, type PlannedFault } from "./fault-plan.ts";
import type { Machine } from "./machine.ts";
import { answerTo, type Route } from "./routes.ts";

/** One request as it stood on the socket: nothing decoded, nothing resolved. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

/** The side of the engine that clients see: the socket, what comes in, and how wrongly it is answered. */
export class ApiServer {
  /** Every request since the start, wrongly answered ones included. */
  readonly requests: ReceivedRequest[] = [];
  readonly #machine: Machine;
  readonly #door: Door;
  readonly #faults = new FaultPlan();
  readonly #streams = new Set<EventStream>();

  constructor(machine: Machine, socketPath: string) {
    this.#machine = machine;
    this.#door = new Door(socketPath, (request, response) => this.#receive(request, response));
  }

  /** From now on, or until `times` requests were spoiled. */
  fault(route: Route, fault: Fault, scope: FaultScope = {}): PlannedFault {
    const of = scope.of === undefined ? {} : { of: this.#machine.find(scope.of)?.id ?? scope.of };
    return this.#faults.add(route, fault, { ...scope, ...of });
  }

  liftFaults(): void {
    this.#faults.clear();
  }

  /** How many read `/events` now. */
  get eventStreams(): number {
    return this.#streams.size;
  }

  /** Every reader of `/events` loses its connection. */
  cutEventStreams(): void {
    for (const stream of this.#streams) stream.cut();
  }

  /** Every reader of `/events` gets these bytes, whatever they are. */
  writeToEventStreams(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /**
   * The daemon is gone while its containers live on, as with live-restore. What it remembered of
   * events is lost. `left` keeps a socket file at which nobody listens.
   */
  async goAway(socketFile: "removed" | "left" = "removed"): Promise<void> {
    await this.#door.close(socketFile);
    this.#machine.events.forget();
  }

  async comeBack(): Promise<void> {
    await this.#door.open();
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: target = "", rawHeaders: headers } = request;
    this.requests.push({ method, target, headers });
    // The socket may go while a fault is still writing to it.
    response.on("error", () => {});
    const { route, reference, answer } = answerTo(this.#machine, method, target);
    const fault = route && this.#faults.take(route, reference);
    if ("eventsOf" in answer) this.#stream(answer.eventsOf, fault, request, response);
    else if (fault) inflict(fault, answer, request, response);
    else send(request, response, answer);
  }

  #stream(query: URLSearchParams, fault: Fault | undefined, request: IncomingMessage, response: ServerResponse): void {
    const { options, events, clock } = this.#machine;
    if (fault) {
      inflict(fault, { status: 200, headers: { "Content-Type": "application/json" }, body: "" }, request, response);
      return;
    }
    const stream = new EventStream(response);
    this.#streams.add(stream);
    response.once("close", () => this.#streams.delete(stream));
    stream.begin(events, options.release, query, clock.now());
  }
}
