import { basename, join } from "node:path";
import * as z from "zod";
import type { Log } from "../../shared/log.ts";
import { CacheFile } from "../inventory/cache-file.ts";
import type { NginxTargetConfig } from "../config/nginx-target.ts";
import { ownDirectory } from "../publish/volume.ts";
import { parseHost } from "../routes/grammar.ts";
import { HostOwners, MAX_OWNED, PROXY_NAME } from "../routes/host-owners.ts";
import { parseStreamName } from "../routes/stream-name.ts";

/** Milliseconds between two writes. */
const WRITE_INTERVAL_MS = 1_000;

const Name = z.strictObject({
  host: z.string().refine((text) => {
    const parsed = parseHost(text, true);
    return (
      text === PROXY_NAME || parseStreamName(text) !== undefined || (parsed.kind === "ok" && parsed.value === text)
    );
  }),
  owner: z.string().max(600),
  lastSeen: z.int().optional(),
});

const OwnersContent = z.strictObject({ names: z.array(Name).max(MAX_OWNED) });

/** The owners of a target's host names, and the file that keeps them across restarts. */
export class OwnersFile {
  readonly owners: HostOwners;
  readonly #file: CacheFile<z.infer<typeof OwnersContent>> | undefined;
  #damage: string | undefined;

  /** A target without a file has no directory for its owners either. */
  constructor({ destination, stateDirectory, routing }: NginxTargetConfig, log: Log) {
    const path = join(ownDirectory(destination, stateDirectory), `${basename(destination)}.owners.json`);
    this.#file = destination === "-" ? undefined : new CacheFile(path, OwnersContent, WRITE_INTERVAL_MS, log);
    const found = this.#file?.read();
    const names = found?.kind === "value" ? found.value.names : [];
    this.#damage = found?.kind === "damaged" ? found.reason : undefined;
    this.owners = new HostOwners({
      leaseMs: routing.ownerLease,
      recorded: new Map(names.map(({ host, ...owner }) => [host, owner])),
    });
  }

  /** Why the owners are unknown, and what to do. Nothing is published then, so that no name gets another owner. */
  get problem(): string | undefined {
    if (this.#damage === undefined) return undefined;
    return `${this.#file!.path}: the owners of host names are unknown: ${this.#damage}; restore the file and restart the renderer, or run \`sallyport-renderer release --all\`, after which each name belongs to the first container that requests it`;
  }

  /** Writes every change from now on. */
  follow(): void {
    this.owners.onChange = () => {
      if (this.#damage === undefined) this.#file?.changed(() => this.#content);
    };
  }

  discard(): void {
    this.#damage = undefined;
    this.#file?.changed(() => this.#content);
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  get #content(): z.infer<typeof OwnersContent> {
    return { names: [...this.owners.all].map(([host, one]) => ({ host, ...one })) };
  }
}
