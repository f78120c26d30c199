import type { ServerResponse } from "node:http";
import { engineHeaders } from "./answer.ts";
import type { EventLog, LoggedEvent } from "./event-log.ts";
import { isHeard, parseFilters } from "./filters.ts";
import type { Release } from "./release.ts";

/** One reader of `GET /events`: headers at once, then one JSON line an event, until one side ends it. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Returns at once. `since` replays what is remembered; `until` in the past ends it after that. */
  begin(events: EventLog, release: Release, query: URLSearchParams, now: bigint): void {
    const filters = parseFilters(query.get("filters"));
    const [since, until] = [nanoseconds(query.get("since")), nanoseconds(query.get("until"))];
    const tell = ({ message, at, text }: LoggedEvent): void => {
      if (isHeard(message, filters) && (until === undefined || at <= until)) this.write(`${text}\n`);
    };
    this.#response.writeHead(200, { ...engineHeaders(release), "Content-Type": "application/json" });
    this.#response.flushHeaders();
    if (since !== undefined) for (const event of events.history) if (event.at >= since) tell(event);
    if (until !== undefined && until <= now) {
      this.#response.end();
      return;
    }
    const stopListening = events.listen(tell);
    const timer = until === undefined ? undefined : setTimeout(() => this.#response.end(), Number(until - now) / 1e6);
    this.#response.once("close", () => {
      stopListening();
      clearTimeout(timer);
    });
  }

  /** Bytes as they are, wrong ones included. */
  write(text: string): void {
    this.#response.write(text);
  }

  /** The connection goes, in the middle of the chunked body; what was written before still arrives. */
  cut(): void {
    this.#response.write(" ", () => this.#response.destroy());
  }
}

/** Docker's form of a time: seconds, and after a dot nanoseconds. */
function nanoseconds(time: string | null): bigint | undefined {
  if (!time) return undefined;
  const [seconds = "0", fraction = ""] = time.split(".");
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}
