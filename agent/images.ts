import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../shared/log.ts";
import { MAX_CONTAINERS } from "../shared/snapshot.ts";
import { asDockerError } from "./docker-error.ts";
import type { ImageValues } from "./sanitize.ts";

/** Milliseconds that a container waits for its image. After that it is disclosed without the image's values, and updated when they are known. */
const WAIT_MS = 1_000;

/** Maximum concurrent requests. While that many are unanswered, further containers do not wait. */
const MAX_PENDING = 8;

export interface ImagesOptions {
  readonly inspect: (id: string) => Promise<ImageValues>;
  /** Called for each image that was read. */
  readonly onRead: (id: string) => void;
  /** Called when an image should be requested again later. */
  readonly onRetry: () => void;
  readonly log: Log;
}

/** Reads what images set, once per image while a container uses it. */
export class Images {
  readonly #options: ImagesOptions;
  /** By id. Undefined if the image cannot be read and a retry cannot succeed. */
  readonly #values = new Map<string, ImageValues | undefined>();
  readonly #pending = new Map<string, Promise<void>>();

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** Returns what the image sets, or undefined if that is not known. */
  get(id: string): ImageValues | undefined {
    return this.#values.get(id);
  }

  /** Whether the image was read or cannot be read, so that no further request is needed. */
  isSettled(id: string): boolean {
    return id === "" || this.#values.has(id);
  }

  /** Reads the image unless it is settled. Resolves when it is, after a failure, or when Docker takes too long. */
  async read(id: string): Promise<void> {
    if (this.isSettled(id)) return;
    if (!this.#pending.has(id) && this.#pending.size >= MAX_PENDING) return this.#options.onRetry();
    const pending = this.#pending.get(id) ?? this.#request(id);
    this.#pending.set(id, pending);
    await Promise.race([pending, sleep(WAIT_MS, undefined, { ref: false })]);
  }

  /** Drops images that no container uses. */
  keep(used: ReadonlySet<string>): void {
    for (const id of this.#values.keys()) if (!used.has(id)) this.#values.delete(id);
  }

  async #request(id: string): Promise<void> {
    const { inspect, onRead, onRetry, log } = this.#options;
    // Between two lists, containers that come and go could fill the memory.
    if (this.#values.size >= MAX_CONTAINERS) this.#values.clear();
    try {
      this.#values.set(id, await inspect(id));
      onRead(id);
    } catch (error) {
      const { message: reason, code, detail } = asDockerError(error);
      log("warn", "image.skipped", { image: id.slice(0, 12), reason, code });
      if (detail === "404" || code === "docker.size" || code === "docker.schema") this.#values.set(id, undefined);
      else onRetry();
    } finally {
      this.#pending.delete(id);
    }
  }
}
