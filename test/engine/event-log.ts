import { type Clock, type Instant, unixSeconds } from "./clock.ts";
import type { EventMessage } from "./event-message.ts";

/** A message and its time; `text` is the line that goes over the wire. */
export interface LoggedEvent {
  readonly message: EventMessage;
  readonly at: Instant;
  readonly text: string;
}

/** Events kept for readers that ask `since`; the number is Docker's own. */
const HISTORY = 256;

/** Tells events to whoever listens now, and keeps the last for those who ask for the past. */
export class EventLog {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: LoggedEvent) => void>();
  #history: LoggedEvent[] = [];
  #muted = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get history(): readonly LoggedEvent[] {
    return this.#history;
  }

  tell(message: EventMessage): void {
    if (this.#muted) return;
    const at = this.#clock.now();
    const event = { message, at, text: wireText(message, at) };
    this.#history = [...this.#history, event].slice(-HISTORY);
    for (const listener of this.#listeners) listener(event);
  }

  /** Returns how to stop listening. */
  listen(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A restarted daemon remembers nothing. */
  forget(): void {
    this.#history = [];
  }

  /** While muted, events are lost: nobody is told, nothing is kept. */
  set muted(muted: boolean) {
    this.#muted = muted;
  }
}

/** Nanoseconds exceed what a JavaScript number holds exactly, so they are put in as digits. */
function wireText(message: EventMessage, at: Instant): string {
  return `${JSON.stringify(message).slice(0, -1)},"time":${unixSeconds(at)},"timeNano":${at}}`;
}
