import { type Clock, type Instant, unixSeconds } from "./clock.ts";
import type { EventMessage } from "./event-message.ts";
import type { Release } from "./release.ts";

/** A message and its time. `text` is the line that is sent. */
export interface LoggedEvent {
  readonly message: EventMessage;
  readonly at: Instant;
  readonly text: string;
}

/** Number of past events kept for `since`, as in Docker. */
const HISTORY = 256;

/** Emits events to listeners and keeps the last ones for `since`. */
export class EventLog {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: LoggedEvent) => void>();
  #history: LoggedEvent[] = [];
  readonly #legacyFields: boolean;
  #muted = false;

  constructor(clock: Clock, { legacyFields }: Release) {
    this.#clock = clock;
    this.#legacyFields = legacyFields;
  }

  get history(): readonly LoggedEvent[] {
    return this.#history;
  }

  emit({ status, id, from, ...event }: EventMessage): void {
    if (this.#muted) return;
    const isLegacy = this.#legacyFields && status !== undefined;
    const message = (isLegacy ? { status, id, from, ...event } : event) as EventMessage;
    const at = this.#clock.now();
    const logged = { message, at, text: wireText(message, at) };
    this.#history = [...this.#history, logged].slice(-HISTORY);
    for (const listener of this.#listeners) listener(logged);
  }

  /** Returns a function that removes the listener. */
  listen(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops past events, as a restarted daemon does. */
  forget(): void {
    this.#history = [];
  }

  /** While muted, events are lost: not sent and not kept. */
  set muted(muted: boolean) {
    this.#muted = muted;
  }
}

/** Nanoseconds exceed the exact range of a JavaScript number, so they are inserted as digits. */
function wireText(message: EventMessage, at: Instant): string {
  return `${JSON.stringify(message).slice(0, -1)},"time":${unixSeconds(at)},"timeNano":${at}}`;
}
