import type { ServerResponse } from "node:http";
import { engineHeaders } from "./answer.ts";
import type { EventLog, LoggedEvent } from "./event-log.ts";
import { matchesEvent, parseFilters } from "./filters.ts";
import type { Release } from "./release.ts";

/** One reader of `GET /events`: headers at once, then one JSON line per event, until one side closes it. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Returns at once. `since` replays past events; `until` in the past closes the stream after that. */
  begin(events: EventLog, release: Release, query: URLSearchParams, now: bigint): void {
    const filters = parseFilters(query.get("filters"));
    const [since, until] = [nanoseconds(query.get("since")), nanoseconds(query.get("until"))];
    const send = ({ message, at, text }: LoggedEvent): void => {
      if (matchesEvent(message, filters) && (until === undefined || at <= until)) this.write(`${text}\n`);
    };
    this.#response.writeHead(200, { ...engineHeaders(release), "Content-Type": "application/json" });
    this.#response.flushHeaders();
    if (since !== undefined) for (const event of events.history) if (event.at >= since) send(event);
    if (until !== undefined && until <= now) {
      this.#response.end();
      return;
    }
    const unsubscribe = events.listen(send);
    const timer = until === undefined ? undefined : setTimeout(() => this.#response.end(), Number(until - now) / 1e6);
    this.#response.once("close", () => {
      unsubscribe();
      clearTimeout(timer);
    });
  }

  /** Sends arbitrary bytes. */
  write(text: string): void {
    this.#response.write(text);
  }

  /** Closes the connection within the chunked body. Bytes written before still arrive. */
  cut(): void {
    this.#response.write(" ", () => this.#response.destroy());
  }
}

/** Parses Docker's time format: seconds, a dot and nanoseconds. */
function nanoseconds(time: string | null): bigint | undefined {
  if (!time) return undefined;
  const [seconds = "0", fraction = ""] = time.split(".");
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}
